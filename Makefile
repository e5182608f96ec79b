# Every command of the project. `make help` lists them.
.DEFAULT_GOAL := help
SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8000
SIZE ?= small
BENCH ?= both
# The first interpreter that is new enough; PYTHON=/path/to/python3.13 chooses another.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	"$$p" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' >/dev/null 2>&1 && echo "$$p" && break; done)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help run test s3-server check bench faults seed format schema lock clean

help:  ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/.runtime  ## Set everything up and serve a small town on 127.0.0.1:8000 (PORT moves it)
	@exec $(BIN)/leye serve --town --port $(PORT)

test: $(VENV)/.dev s3-server  ## Set everything up and run the whole suite (ARGS adds to pytest's)
	@exec $(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

s3-server: $(VENV)/.s3-server  ## An S3-speaking server for the tests, in an environment of its own

check: $(VENV)/.dev  ## Format, lint, types, import direction, schema snapshot
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/leye schema --check
	$(BIN)/python tools/schema_changes.py

bench: $(VENV)/.dev  ## Measure against the raw floor and print ratios (BENCH=both|small|town)
	@exec $(BIN)/python -m benchmarks --size $(BENCH)

faults: $(VENV)/.dev  ## Break what reports and messages depend on and count what became of them (10 minutes)
	@exec $(BIN)/python -m benchmarks.faults

seed: $(VENV)/.runtime  ## Make a synthetic town anew (SIZE=small|town)
	@exec $(BIN)/leye seed --size $(SIZE) --replace

format: $(VENV)/.dev  ## Put the code in the project's format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

schema: $(VENV)/.dev  ## Print the GraphQL schema into schema.graphql
	$(BIN)/leye schema --write

lock: $(VENV)/.dev  ## Resolve the dependencies anew into requirements/
	$(BIN)/python tools/lock.py

clean:  ## Remove the environment (data stays)
	rm -rf $(VENV)

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 to 3.14 is needed and was not found; name one with PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) has no venv module (on Debian and Ubuntu: apt-get install python3-venv)" >&2; exit 1; }
	@echo "Setting up $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: $(VENV)/bin/python requirements/runtime.txt pyproject.toml
	@echo "Installing what the service runs on (about half a minute)"
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements/runtime.txt
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.s3-server: $(VENV)/.runtime requirements/s3-server.txt
	@$(BIN)/python -m venv $(VENV)/s3-server
	@$(VENV)/s3-server/bin/python -m pip install --quiet --require-hashes -r requirements/s3-server.txt
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements/dev.txt
	@echo "Installing what the tests and checks need"
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements/dev.txt
	@touch $@
