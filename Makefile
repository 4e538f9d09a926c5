# `make` alone prints this list. Everything that is made lies below .lab/ and in the user cache folder.
SHELL := /bin/sh
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
VENV := .lab/venv
RUN := $(VENV)/bin/python
READY := $(VENV)/.ready
KEEP ?=

# No tool writes beside the sources.
export PYTHONPYCACHEPREFIX := $(CURDIR)/.lab/cache/pycache
export HYPOTHESIS_STORAGE_DIRECTORY := $(CURDIR)/.lab/cache/hypothesis
export PYRIGHT_PYTHON_CACHE_DIR := $(CURDIR)/.lab/cache/pyright
export PYRIGHT_PYTHON_IGNORE_WARNINGS := 1
export npm_config_cache := $(CURDIR)/.lab/cache/npm
export npm_config_update_notifier := false
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help setup demo demo-down test test-real pytest lint format types schema goldens

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(firstword $(MAKEFILE_LIST)) | awk -F'|' '{printf "%-18s %s\n", $$1, $$2}'

setup: $(READY) ## the virtualenv .lab/venv (PYTHON=python3.12: of that one)

# pip's and Go's temporary files too.
setup demo: export TMPDIR := $(CURDIR)/.lab/tmp

$(READY): requirements.txt requirements-dev.txt components/pyproject.toml
	@command -v $(PYTHON) >/dev/null || { \
	  echo "There is no program $(PYTHON). Everything here needs Python 3.11 or newer. Install it, or name another: make PYTHON=python3.12 ..."; exit 1; } >&2
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "$(PYTHON) is $$($(PYTHON) -V 2>&1). Everything here needs Python 3.11 or newer. Name another: make PYTHON=python3.12 ..."; exit 1; } >&2
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "$(PYTHON) has no module venv. Debian and Ubuntu have it in a package of its own. Install it: apt install python3-venv"; exit 1; } >&2
	@mkdir -p .lab/tmp
	@echo "Installing requirements-dev.txt into $(VENV) with $$($(PYTHON) -V), about a minute ..."
	@test -x $(RUN) || $(PYTHON) -m venv $(VENV)
	@$(RUN) -m pip install --quiet --requirement requirements-dev.txt
	@touch $@

demo: $(READY) ## the dev stack in an embedded cluster (KEEP=1 leaves it on)
	@mkdir -p $(TMPDIR)
	@$(RUN) -m lab demo $(if $(filter-out 0,$(KEEP)),--keep)

demo-down: $(READY) ## end what `make demo KEEP=1` left running
	@$(RUN) -m lab demo-down

test: lint types pytest ## lint, types, pytest; skips what needs missing real tools

pytest: $(READY)
	$(RUN) -m pytest

test-real: $(READY) ## tests on the Pulumi CLI and the real AI Gateway, or fail
	@$(RUN) -m lab real-tools
	AI_GATEWAY_AUTH_REQUIRE_REAL=1 $(RUN) -m pytest -m 'lab or real'

lint: $(READY) ## ruff: rules and format
	$(RUN) -m ruff check
	$(RUN) -m ruff format --check

format: $(READY) ## mend what ruff can mend
	$(RUN) -m ruff check --fix
	$(RUN) -m ruff format

types: $(READY) ## pyright, strict
	$(RUN) -m pyright

schema: $(READY) ## stacks/schema.json and the config section of Pulumi.yaml
	$(RUN) -m ai_gateway_auth.schema

goldens: $(READY) ## write the goldens anew (read the difference)
	env -u CI UPDATE_GOLDENS=1 $(RUN) -m pytest -q tests/unit
