# Two commands: `make run` gives a running system, `make test` tells whether it works.
CARGO ?= cargo
RUN_FLAGS ?=
BENCH_FLAGS ?=

.PHONY: run test check fmt build bench

## Everything in one process: register, two gateways, api, SQLite in data/dev. Ctrl-C stops it.
run:
	$(CARGO) run -- dev $(RUN_FLAGS)

## The programs first: the process tests start them from beside their own executable. All targets, so that the tests need
## no dependency a second time with other features.
build:
	$(CARGO) build --workspace --all-targets

test: build
	$(CARGO) test --workspace

## Exactly what CI checks before it tests.
check:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps
	@if command -v docker-compose >/dev/null 2>&1; then \
	    GATEPIPE_SECRET=check GATEPIPE_JWT_SECRET=check docker-compose config -q; \
	elif [ -n "$$GATEPIPE_TEST_ALL" ]; then \
	    echo "docker-compose is not installed, and GATEPIPE_TEST_ALL allows no gaps" >&2; exit 1; \
	else echo "skipped: docker-compose config (docker-compose is not installed)"; fi

## How fast it is, as ratios to a yardstick in the same run; minutes, on a machine that does nothing else. See docs/performance.md.
bench:
	$(CARGO) build --profile dist --workspace --bins
	$(or $(CARGO_TARGET_DIR),target)/dist/gatepipe-bench all --runs 3 $(BENCH_FLAGS)

fmt:
	$(CARGO) fmt --all
