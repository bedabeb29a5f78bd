# Two commands: `make run` gives a running system, `make test` tells whether it works.
CARGO ?= cargo
RUN_FLAGS ?=
BENCH_FLAGS ?=
RELEASE_FLAGS ?=
VERIFY_FLAGS ?=

.PHONY: run web test test-databases test-web test-browser verify check check-prometheus check-supply check-web check-deploy web-build web-tests web-check browser-tests fmt build bench release

## Everything in one process: register, two gateways, api, SQLite in data/dev, and the demo where Node is there. Ctrl-C stops it.
run:
	@$(MAKE) --no-print-directory web GATEPIPE_TEST_ALL= || echo "the pages could not be built (see above); all else works without them"
	$(CARGO) run -- dev $(RUN_FLAGS)

## The pages that the programs serve, into crates/web-assets/dist. Release programs contain what is there when they are built.
web:
	@$(call with_node,web-build)

## The programs first: the process tests start them from beside their own executable. All targets, so that the tests need
## no dependency a second time with other features.
build:
	$(CARGO) build --workspace --all-targets

test: build
	$(CARGO) test --workspace
	@$(MAKE) --no-print-directory test-databases
	@$(MAKE) --no-print-directory test-web
	@$(MAKE) --no-print-directory test-browser

## The suites whose stories are the same on every database, on PostgreSQL and then on MariaDB; `cargo test` alone runs them on
## SQLite. A server is started by each test program and ends with it. Selected from the whole workspace, so that nothing is built
## a second time with other features.
DATABASE_SUITES := audit auth checks_together dead_token exports foreign idempotency inbox inspect notification notification_read \
    operators retention seed sent settings stats two_gateways users websocket who_may_push

test-databases: build
	@set -e; for database in postgres mysql; do \
	    case $$database in \
	        postgres) installed() { command -v postgres || ls /usr/lib/postgresql/*/bin/postgres; }; package=postgresql;; \
	        mysql) installed() { command -v mariadbd || ls /usr/sbin/mariadbd; }; package=mariadb-server;; \
	    esac; \
	    if installed >/dev/null 2>&1; then \
	        echo "suites on $$database"; \
	        GATEPIPE_TEST_DATABASE=$$database $(CARGO) test --workspace $(addprefix --test ,$(DATABASE_SUITES)); \
	    elif [ -n "$$GATEPIPE_TEST_ALL" ]; then \
	        echo "$$package is not installed, and GATEPIPE_TEST_ALL allows no gaps" >&2; exit 1; \
	    else echo "skipped: suites on $$database (apt-get install $$package)"; fi; \
	done

## The browser's packages. Cargo needs no Node, so a machine without it has all the rest.
test-web:
	@$(call with_node,web-tests)

## A real browser against the programs and the pages that they serve. Without Chromium it says that it is skipped.
test-browser: build
	@$(call with_node,browser-tests)

check-web:
	@$(call with_node,web-check)

define with_node
if node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 20 ? 1 : 0)' 2>/dev/null && command -v npm >/dev/null 2>&1; then \
    $(MAKE) --no-print-directory $(1); \
elif [ -n "$$GATEPIPE_TEST_ALL" ]; then \
    echo "$(1): Node 20 or newer with npm is not installed, and GATEPIPE_TEST_ALL allows no gaps" >&2; exit 1; \
else echo "skipped: $(1) (Node 20 or newer with npm is not installed)"; fi
endef

web-build: crates/web-assets/dist/.built

## Made anew when a source is newer.
WEB_SOURCES := $(shell find web \( -name node_modules -o -name dist \) -prune -o -type f -print)
crates/web-assets/dist/.built: web/node_modules/.package-lock.json $(WEB_SOURCES)
	cd web && npm run build
	@touch $@

## Their stories with the real programs use the `gatepipe` that was built last.
web-tests: web/node_modules/.package-lock.json
	cd web && GATEPIPE_DEV_BIN="$(abspath $(or $(CARGO_TARGET_DIR),target)/debug/gatepipe)" npm test

browser-tests: web-build
	cd web && GATEPIPE_DEV_BIN="$(abspath $(or $(CARGO_TARGET_DIR),target)/debug/gatepipe)" npm run test:browser

web-check: web/node_modules/.package-lock.json
	cd web && node scripts/same-readmes.mjs && npm run check

## Exactly what the lock file says, and only when it says something new.
web/node_modules/.package-lock.json: web/package-lock.json
	cd web && npm ci
	@touch $@

## Exactly what CI checks before it tests. The tests have traces built in; the operators' tool, which has all the others in it, is also looked at
## without.
check:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	$(CARGO) clippy -p gatepipe --bin gatepipe -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps
	@$(MAKE) --no-print-directory check-deploy
	@$(MAKE) --no-print-directory check-prometheus
	@$(MAKE) --no-print-directory check-supply
	@$(MAKE) --no-print-directory check-web

## What Prometheus collects, and whether each alert speaks when it should and only then.
check-prometheus:
	@if command -v promtool >/dev/null 2>&1; then \
	    cd deploy/prometheus && promtool check config prometheus.yml && promtool test rules alerts_test.yml; \
	elif [ -n "$$GATEPIPE_TEST_ALL" ]; then \
	    echo "promtool is not installed, and GATEPIPE_TEST_ALL allows no gaps" >&2; exit 1; \
	else echo "skipped: promtool (apt-get install prometheus)"; fi

## What comes from others, by deny.toml: licences, sources, and one TLS. Known vulnerabilities only where their database can be reached.
ADVISORIES := https://github.com/rustsec/advisory-db
check-supply:
	@set -e; if cargo-deny --version >/dev/null 2>&1; then \
	    $(CARGO) deny --locked --log-level error check bans licenses sources; \
	    if timeout 20 git ls-remote -q $(ADVISORIES) HEAD >/dev/null 2>&1; then \
	        $(CARGO) deny --locked --log-level error check advisories; \
	    else echo "skipped: known vulnerabilities ($(ADVISORIES) cannot be reached)"; fi; \
	elif [ -n "$$GATEPIPE_TEST_ALL" ]; then \
	    echo "cargo-deny is not installed, and GATEPIPE_TEST_ALL allows no gaps" >&2; exit 1; \
	else echo "skipped: cargo deny (cargo install --locked cargo-deny)"; fi

## The compose file and systemd's units, as their own tools understand them.
check-deploy:
	@$(call with_tool,docker-compose,docker-compose,docker-compose --profile observability config -q)
	@$(call with_tool,systemd-analyze,systemd,deploy/systemd/check.sh)

define with_tool
if command -v $(1) >/dev/null 2>&1; then $(3); \
elif [ -n "$$GATEPIPE_TEST_ALL" ]; then echo "$(1) is not installed, and GATEPIPE_TEST_ALL allows no gaps" >&2; exit 1; \
else echo "skipped: $(3) (apt-get install $(2))"; fi
endef

## The compose file's topology as plain processes behind nginx with TLS, and every part of it restarted under load. Two minutes.
verify: build
	deploy/verify.sh $(VERIFY_FLAGS)

## How fast it is, as ratios to a yardstick in the same run; minutes, on a machine that does nothing else. See docs/performance.md.
bench:
	$(CARGO) build --profile dist --workspace --bins
	$(or $(CARGO_TARGET_DIR),target)/dist/gatepipe-bench all --runs 3 $(BENCH_FLAGS)

## A tarball of the programs with their files, and its checksum, in target/release-files; the build takes ten minutes.
release:
	scripts/release.sh $(RELEASE_FLAGS)

fmt:
	$(CARGO) fmt --all
