# Bailiwick. `make demo` shows it at work, `make test` checks it; both set up what is missing.

SHELL := /bin/bash
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& { command -v $$p; break; }; done)
BIN := .venv/bin
JOBS ?= 2

.PHONY: console demo test test-all check lint types contracts bench compiled lock clean
.DELETE_ON_ERROR:

.venv/run: requirements/run.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: install it, or name it with make PYTHON=..."; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || { echo "no virtual environment could be made: on Debian, apt-get install python3-venv"; exit 2; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	@touch $@

.venv/dev: requirements/dev.txt .venv/run
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	@touch $@

PAGES := $(shell find console -type f -not -path '*/node_modules/*' -not -name openapi.json -not -name '*.gen.d.ts')

console: .venv/pages

# Checked against the API's own document, so that a route that changed fails here. Where Node or its packages cannot be
# had, the rest works without pages, and the tests that need them are skipped and say so.
.venv/pages: .venv/dev hatch_build.py $(PAGES) $(wildcard src/bailiwick/api/*.py src/bailiwick/*/*verbs.py src/bailiwick/console/*.py)
	@command -v npm >/dev/null 2>&1 || test -x $(BIN)/npm \
	|| $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/pages.txt || true
	@$(BIN)/python hatch_build.py --types && touch $@ || test $$? -eq 3

# A browser for the tests of the console. Where it cannot be had, they are skipped and say so.
.venv/browser:
	@command -v chromium >/dev/null || ! command -v apt-get >/dev/null || test "$$(id -u)" != 0 \
	|| { apt-get update && apt-get install -y --no-install-recommends chromium; } >.venv/browser.log 2>&1 || true
	@touch $@

demo: .venv/dev .venv/pages
	@$(BIN)/python -m bailiwick.demo $(if $(STAY),--stay)

check: lint types contracts

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python scripts/unused_names.py

types: .venv/dev
	$(BIN)/mypy

contracts: .venv/dev
	$(BIN)/lint-imports --no-cache

test: check .venv/pages .venv/browser
	$(BIN)/pytest -n $(JOBS) -m "not slow"

test-all: check .venv/pages .venv/browser
	$(BIN)/pytest -n $(JOBS)

bench: .venv/dev
	$(BIN)/python bench/run.py

compiled: .venv/dev
	@$(BIN)/python scripts/compile_hot.py

LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header

lock:
	$(LOCK) pyproject.toml --output-file requirements/run.txt
	$(LOCK) pyproject.toml --group dev --constraint requirements/run.txt --output-file requirements/dev.txt
	$(LOCK) --group pages --no-annotate --output-file requirements/pages.txt
	for client in requirements/clients/*.in; do \
	  $(LOCK) --no-annotate $$client --output-file $${client%.in}.txt || exit; done

clean:
	rm -rf .venv .clients build dist
