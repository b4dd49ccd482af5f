# The clicker in a container: docs/installing.md. The same package as for a Debian host, built by the
# same script.
FROM debian:12-slim AS build
WORKDIR /telekv
COPY scripts/install-dependencies scripts/
RUN scripts/install-dependencies package
COPY . .
RUN scripts/make-packages /packages

FROM debian:12-slim
COPY --from=build /packages/telekv_*.deb /tmp/
RUN apt-get update -qq \
  && apt-get install -y -qq --no-install-recommends /tmp/telekv_*.deb \
  && rm -rf /tmp/telekv_*.deb /var/lib/apt/lists/*
# Nobody: it owns no file and needs none.
USER 65534:65534
ENV PORT=8080
EXPOSE 8080
STOPSIGNAL SIGTERM
# Restoring a large store may take its time.
HEALTHCHECK --interval=30s --timeout=10s --start-period=5m CMD ["telekv", "health"]
CMD ["clicker"]
