# Every target works on a fresh clone that has Python 3.11 (or newer) and make.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
# Each of the many processes that tests and benchmarks start would compile the whole portal anew.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq
PORTAL := $(BIN)/portal

.PHONY: help setup run test check bench demo clean lock

help:  ## what can be done here
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 16

setup: .venv/setup.done  ## make .venv with the command .venv/bin/portal

run: setup  ## start the portal with its demo; Ctrl-C stops it, a second run keeps the data
	@exec $(PORTAL) run --demo-if-empty

demo: setup  ## load the demo into an empty database
	@exec $(PORTAL) demo load

check: .venv/dev.done  ## format, lint, import contracts, types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports & imports=$$!; $(BIN)/mypy; wait $$imports

test: .venv/dev.done .venv/system.done  ## all tests; ARGS="tests/rules -k majority" for some
	@exec $(BIN)/python -m pytest -n 2 --dist worksteal $(ARGS)

bench: .venv/dev.done .venv/system.done  ## measure the pages against a bare twin
	@exec $(BIN)/python -m benchmarks $(ARGS)

clean:  ## remove what was built; instance/ with its data stays
	@rm -rf .venv .cache build *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

lock:  ## write requirements/*.txt anew from pyproject.toml
	@$(PYTHON) requirements/lock.py

.venv/bin/python:
	@requirements/make-venv $(PYTHON)

.venv/setup.done: requirements/base.txt pyproject.toml | .venv/bin/python
	@echo "Installing the portal into .venv (once; a minute or so) …"
	@$(PIP) install --require-hashes -r requirements/base.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

.venv/dev.done: .venv/setup.done requirements/dev.txt
	@echo "Installing what checks and tests need …"
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@

.venv/system.done: tests/support/install-system-packages | .venv/bin/python
	@tests/support/install-system-packages $@
