# The commands of the house. `make run` and `make test` are complete on a bare Debian 12.
PRESET ?= release
JOBS ?= $(shell nproc)
# Warnings fail the build in continuous integration only: a newer compiler must not lock a user out.
WERROR = $(if $(CI),ON,OFF)

# People in the benchmark's data sets.
N ?= 1000000

.PHONY: run build packages test torture soak bench bench-programs bench-million lint fuzz format install-build install-package install-test \
  install-bench install-lint install-fuzz clean

run: build
	scripts/run build/$(PRESET)/bin

build: install-build
	@$(MAKE) --no-print-directory compile TESTS=OFF

packages: install-package
	scripts/make-packages

test: install-test
	@$(MAKE) --no-print-directory compile TESTS=ON
	npm ci --prefix tests/e2e --no-audit --no-fund --loglevel=error
	npm ci --prefix bench/million/peers --no-audit --no-fund --loglevel=error
	ctest --preset $(PRESET)

bench: install-bench
	@cmake --preset bench -G Ninja -DTELEKV_WERROR=$(WERROR) >/dev/null
	cmake --build --preset bench --target bench_engine -j $(JOBS)
	build/bench/bin/bench_engine --n $(N) --json build/bench/engine.json --plots build/bench/plots

# Whole programs: the emulator's calls a second and memory beside a server that does nothing but HTTP,
# and the import of an old dump.
bench-programs: install-bench
	@cmake --preset bench -G Ninja -DTELEKV_WERROR=$(WERROR) >/dev/null
	cmake --build --preset bench --target bench_floor telegram-emulator telekv -j $(JOBS)
	bench/emulator.py build/bench/bin --people $(N) --json build/bench/emulator.json
	bench/moving_in.py build/bench/bin --users $(N) --json build/bench/moving_in.json

# The clicker beside what people use today, with simulated players.
USERS ?= 1000000
bench-million: install-test
	@cmake --preset bench -G Ninja -DTELEKV_WERROR=$(WERROR) >/dev/null
	cmake --build --preset bench --target bench_people bench_cpp_std telegram-emulator telekv clicker -j $(JOBS)
	npm ci --prefix bench/million/peers --no-audit --no-fund --loglevel=error
	bench/million.py build/bench/bin --users $(USERS) --json build/bench/million.json --plots build/bench/plots

# The built programs: rounds of kill -9, and of overlapping copies, in strict mode.
KILL_ROUNDS ?= 200
OVERLAP_ROUNDS ?= 50
torture: install-test
	@$(MAKE) --no-print-directory compile TESTS=ON
	npm ci --prefix tests/e2e --no-audit --no-fund --loglevel=error
	KILL_ROUNDS=$(KILL_ROUNDS) OVERLAP_ROUNDS=$(OVERLAP_ROUNDS) TELEKV_BIN=$(CURDIR)/build/$(PRESET)/bin \
	  node --test --test-reporter=spec tests/e2e/clicker_torture.test.mjs

# The built programs under load and faults, then histories of the simulation beyond those of the tests, a part on each
# processor.
SOAK_MINUTES ?= 30
HISTORIES ?= 10000000
SOAK_FROM ?= 100001
soak: install-test
	@$(MAKE) --no-print-directory compile TESTS=ON \
	  TARGET="--target clicker telegram-emulator telekv bench_people vault_simulation"
	bench/soak.py build/$(PRESET)/bin --minutes $(SOAK_MINUTES) --json build/$(PRESET)/soak.json
	scripts/soak build/$(PRESET)/bin/vault_simulation $(SOAK_FROM) $(HISTORIES)

lint: install-lint
	scripts/lint

# Each target for FUZZ_SECONDS; what it finds goes to build/fuzz/corpus, a crash to build/fuzz.
FUZZ_SECONDS ?= 60
fuzz: install-fuzz
	@$(MAKE) --no-print-directory compile PRESET=fuzz TESTS=ON
	for target in chunk delta manifest update; do \
	  mkdir -p build/fuzz/corpus/$$target && \
	  build/fuzz/bin/fuzz_$$target -max_total_time=$(FUZZ_SECONDS) -rss_limit_mb=4096 -print_final_stats=1 \
	    -artifact_prefix=build/fuzz/ build/fuzz/corpus/$$target tests/fuzz/corpus/$$target || exit 1; \
	done

.PHONY: model mutants coverage install-coverage
# The protocol as explicit states: every state that faults and time can lead to.
model:
	python3 tests/model/check.py

# The protocol broken on purpose, one mutation at a time: a test has to notice each.
mutants: install-test
	tests/mutants/run.py --jobs $(JOBS)

coverage: install-coverage
	@cmake --preset coverage -G Ninja -DTELEKV_WERROR=$(WERROR) >/dev/null
	cmake --build --preset coverage -j $(JOBS)
	scripts/coverage build/coverage

format: install-lint
	git ls-files '*.h' '*.cc' | xargs clang-format-14 -i

install-build install-package install-test install-bench install-lint install-fuzz install-coverage: install-%:
	@scripts/install-dependencies $*

.PHONY: compile
compile:
	@cmake --preset $(PRESET) -G Ninja -DTELEKV_TESTS=$(TESTS) -DTELEKV_WERROR=$(WERROR) >/dev/null
	cmake --build --preset $(PRESET) -j $(JOBS) $(TARGET)

clean:
	rm -rf build
