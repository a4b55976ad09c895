# Tongxing: `make help` says what there is. Each target does its own set-up in .venv.

# A Python 3.11 or newer with venv and ensurepip; say PYTHON=... to choose another.
NAMES := python3 python3.14 python3.13 python3.12 python3.11
ask = $(if $(1),$(shell $(1) -c 'import sys; assert sys.version_info >= (3, 11); $(2)' 2>/dev/null))
whole = $(call ask,$(1),import venv$(comma) ensurepip; print("$(1)"))
debian = $(call ask,$(1),print(f"python3.{sys.version_info.minor}-venv"))
comma := ,
PYTHON ?= $(firstword $(foreach name,$(NAMES),$(call whole,$(name))))
MISSING = $(firstword $(foreach name,$(PYTHON) $(NAMES),$(call debian,$(name))) python3.11-venv)

BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest -n 2 --dist worksteal -q
# The coverage gates stand on these alone: a process that is traced needs half as much time again, and the other tests
# start a thousand commands and servers. Those wait for them a third of the time: a third worker fills it.
COUNTED := tests/unit tests/properties tests/vectors tests/advisories/test_keys.py tests/advisories/test_encodings.py
PIP := python -m pip --disable-pip-version-check
LOCKS := locks/requirements
# Some machines forbid Python to keep what it has compiled; each command that tests start would compile the house anew.
export PYTHONDONTWRITEBYTECODE :=
# A lock is whole: nothing is resolved, so that a package that comes out tomorrow changes nothing; `check` then says what
# a lock lacks.
INSTALL := $(PIP) install -qq --no-deps --require-hashes -r $(LOCKS)
INSTALL_OURS := $(PIP) install -qq --no-deps --no-build-isolation --editable .

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help apps demo check static types style built test screenshots bench faults fuzz profile vectors locks clean

help: ## say what there is
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 10

apps: .venv/runtime ## build the browser apps anew, those whose sources have changed
	@$(BIN)/python hatch_build.py

demo: apps ## three provinces and a registry recognise each other's codes (ARGS=--keep-running leaves them up)
	@$(BIN)/tongxing demo $(ARGS)

# Side by side: the types of Python alone take half of the time.
SIDE_BY_SIDE := @$(MAKE) --no-print-directory --jobs=2 --output-sync=target

static: .venv/test
	$(SIDE_BY_SIDE) types style

types: .venv/test
	$(BIN)/mypy

style: .venv/test
	$(BIN)/ruff format --check --quiet
	$(BIN)/ruff check --quiet
	$(BIN)/lint-imports --no-logo
	@$(BIN)/python hatch_build.py check

check: static ## format, lint, types, import contracts and unit tests
	$(PYTEST) tests/unit tests/architecture

# After their style, for both install what Node needs.
built: style
	@$(MAKE) --no-print-directory apps

test: .venv/test .venv/peers/installed ## everything: check, all other tests, the coverage gates
	$(SIDE_BY_SIDE) types built
	@rm -f .coverage .coverage.*
	$(PYTEST) --cov --cov-report= $(COUNTED)
	@$(BIN)/coverage report --fail-under=90
	@$(BIN)/coverage report --fail-under=100 --include='credentials/*'
	$(PYTEST) -n 3 $(addprefix --ignore=,$(COUNTED))

screenshots: .venv/test apps ## draw every page in both themes and all languages into build/screenshots
	@mkdir -p build/screenshots
	@SCREENSHOTS=build/screenshots $(PYTEST) tests/web/test_pages.py tests/web/test_screens.py

bench: .venv/test apps .venv/peers/installed .venv/peers/node_modules/.package-lock.json ## measure speed against the budgets
	@$(BIN)/python -m tests.benchmarks $(ARGS)

faults: .venv/test ## kill processes and databases again and again, and count what is lost or wrong
	@$(BIN)/python -m tests.faults $(ARGS)

fuzz: .venv/test ## change 20,000 documents, codes and expressions of each kind and ask both judges (EXAMPLES=n for others)
	@FUZZ_EXAMPLES=$(or $(EXAMPLES),20000) $(PYTEST) tests/properties/test_both_*.py
	@$(BIN)/$(INSTALL)-fuzz.lock || { echo "NOT FUZZED: decoders of foreign cards: no atheris for this Python"; exit 0; }; \
	for decoder in $(DECODERS); do $(BIN)/python -m tests.fuzz $$decoder $(or $(SECONDS),60) || exit 1; done

DECODERS := text eu-dcc eu-dcc-envelope eu-dcc-facts smart-health-card smart-health-card-envelope smart-health-card-facts \
    smart-health-card-file foreign-keys

profile: .venv/test ## write anew what is made from credentials/profile: the browser's module, the page of reasons, lists of the wire format
	@$(BIN)/python -m tests.profile

vectors: .venv/test ## write the test vectors anew
	@$(BIN)/python -m tests.vectors $(ARGS)

# Needs uv. No index lines and no annotations: a lock names packages, versions and hashes, never a place.
COMPILE := uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header $(ARGS)
locks: ## solve the dependencies anew (ARGS=--upgrade for newer versions)
	$(COMPILE) pyproject.toml --extra postgres --group build -o $(LOCKS).lock
	$(COMPILE) pyproject.toml --extra postgres --group build --group test -c $(LOCKS).lock -o $(LOCKS)-test.lock
	$(COMPILE) --group pyproject.toml:node -o $(LOCKS)-node.lock
	$(COMPILE) --group pyproject.toml:peers -o $(LOCKS)-peers.lock
	$(COMPILE) --group pyproject.toml:fuzz -o $(LOCKS)-fuzz.lock
	npm install --package-lock-only --omit-lockfile-registry-resolved --ignore-scripts --no-audit --no-fund
	npm install --prefix tests/peers --package-lock-only --omit-lockfile-registry-resolved --ignore-scripts \
	    --legacy-peer-deps --no-audit --no-fund

clean: ## remove what make and the tests have made
	rm -rf .venv .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache
	rm -rf .import_linter_cache build dist node_modules */*/built
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/bin/python .venv/peers/bin/python:
	@test -n "$(call whole,$(PYTHON))" || { \
	    echo "Tongxing needs Python 3.11 or newer with its venv module; on Debian: apt-get install $(MISSING)" >&2; exit 1; }
	$(PYTHON) -m venv $(@:/bin/python=)

# The browser apps are built by Node: the machine's, if it is new enough and has npm, else that of a wheel.
NODE_WHEEL = @node --version 2>/dev/null | grep -qE '^v(2[0-9]|[3-9][0-9])\.' && npm --version >/dev/null 2>&1 || \
    $(BIN)/$(INSTALL)-node.lock

# The test lock holds all of the runtime lock in the same versions, so whichever comes second adds to the first.
.venv/runtime: .venv/bin/python $(LOCKS).lock pyproject.toml hatch_build.py
	$(NODE_WHEEL)
	$(BIN)/$(INSTALL).lock
	$(BIN)/$(INSTALL_OURS)
	@$(BIN)/$(PIP) check >/dev/null || $(BIN)/$(PIP) check
	@touch $@

.venv/test: .venv/bin/python $(LOCKS)-test.lock pyproject.toml hatch_build.py
	$(NODE_WHEEL)
	$(BIN)/$(INSTALL)-test.lock
	$(BIN)/$(INSTALL_OURS)
	@$(BIN)/$(PIP) check >/dev/null || $(BIN)/$(PIP) check
	@touch $@ .venv/runtime

# Other people's implementations, apart from ours because cwt needs cbor2 below 6.
.venv/peers/installed: .venv/peers/bin/python $(LOCKS)-peers.lock
	.venv/peers/bin/$(INSTALL)-peers.lock
	@.venv/peers/bin/$(PIP) check >/dev/null || .venv/peers/bin/$(PIP) check
	@touch $@

# Readers of foreign cards from npm, for the benchmark alone, which names those that are missing.
.venv/peers/node_modules/.package-lock.json: .venv/peers/bin/python tests/peers/package-lock.json
	@cp tests/peers/package.json tests/peers/package-lock.json .venv/peers/
	@cd .venv/peers && PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --silent --ignore-scripts --legacy-peer-deps --omit=optional \
	    --no-audit --no-fund || echo "NOT COMPARED: packages of npm that read foreign cards"
