# The commands of the house. `make run` and `make test` are complete on a bare Debian 12.
PRESET ?= release
JOBS ?= $(shell nproc)
# Warnings fail the build in continuous integration only: a newer compiler must not lock a user out.
WERROR = $(if $(CI),ON,OFF)

# People in the benchmark's data sets.
N ?= 1000000

.PHONY: run build test bench lint format install-build install-test install-bench install-lint clean

run: build
	scripts/run build/$(PRESET)/bin

build: install-build
	@$(MAKE) --no-print-directory compile TESTS=OFF

test: install-test
	@$(MAKE) --no-print-directory compile TESTS=ON
	npm ci --prefix tests/e2e --no-audit --no-fund --loglevel=error
	ctest --preset $(PRESET)

bench: install-bench
	@cmake --preset bench -G Ninja -DTELEKV_WERROR=$(WERROR) >/dev/null
	cmake --build --preset bench --target bench_engine -j $(JOBS)
	build/bench/bin/bench_engine --n $(N) --json build/bench/engine.json --plots build/bench/plots

lint: install-lint
	scripts/lint

format: install-lint
	git ls-files '*.h' '*.cc' | xargs clang-format-14 -i

install-build install-test install-bench install-lint: install-%:
	@scripts/install-dependencies $*

.PHONY: compile
compile:
	@cmake --preset $(PRESET) -G Ninja -DTELEKV_TESTS=$(TESTS) -DTELEKV_WERROR=$(WERROR) >/dev/null
	cmake --build --preset $(PRESET) -j $(JOBS)

clean:
	rm -rf build
