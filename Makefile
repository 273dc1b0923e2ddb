# `make` alone lists the targets. Everything is installed under .venv, .local and node_modules; nothing outside this folder.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

# Given by the caller: then the environments are to be of that version, else they stay as they are.
GIVEN_PYTHON := $(PYTHON)
# The first that runs and is new enough; looked for only when something is to be installed.
PYTHON ?= $(shell for each in python3 python3.13 python3.12 python3.11; do \
	if $$each local/preflight.py python >/dev/null 2>&1; then echo $$each; exit; fi; done; echo python3)
# The tenant that was named; only the local stack has one of its own choice.
GIVEN  := $(TENANT)
TENANT ?= local
export UV_PYTHON_DOWNLOADS := never
# The CDK's Python library complains at length about Node 20, which does all that is needed here.
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION := 20
export TENANT
export PYTHONPATH := $(CURDIR)/layers/tandem/python:$(CURDIR)
# What was compiled is kept, and not among the sources, whatever the caller's environment says of it: the tests start many
# processes, and each would compile the CDK and boto3 anew.
export PYTHONDONTWRITEBYTECODE :=
export PYTHONPYCACHEPREFIX := $(CURDIR)/.local/pycache

VENV   := .venv
BIN    := $(VENV)/bin
UV     := .local/uv/bin/uv
STAMPS := .local/stamps
DEV    := $(STAMPS)/dev
EMU    := $(STAMPS)/emulator
CDK    := $(STAMPS)/cdk
EMU_VENV := .local/emulator-venv

# Environments that are gone, or whose interpreter is (a pyenv version removed, a system upgraded): made anew, stamp or not.
STALE := $(shell for each in $(VENV) $(EMU_VENV); do \
	$$each/bin/python -I local/preflight.py environment '$(GIVEN_PYTHON)' >/dev/null 2>&1 || echo $$each; done)
NO_CDK := $(if $(wildcard node_modules/.bin/cdk),,node_modules)

.PHONY: help
help: ## this list
	@printf 'Tandem. Targets:\n\n'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@printf '\nOptions: TENANT=<name of infra/tenants/<name>.toml>, PYTHON=<interpreter>, TANDEM_PORT=<port of the local stack>,\n'
	@printf '         TANDEM_HOME=<folder of another local stack, beside the usual one>,\n'
	@printf '         SECTIONS=<what to measure; devices-full is 100,000 devices, most of an hour, and only if named>\n'

# ---- the local stack

.PHONY: demo
demo: $(DEV) $(EMU) ## start the stack, send it each vendor's webhooks and show what became of them
	@$(BIN)/python -m local.demo

.PHONY: up
up: $(DEV) $(EMU) ## start the tenant stack on this machine, in the background; writes .local/stack.json
	@$(BIN)/python -m local.up

.PHONY: down
down: $(DEV) ## stop the local stack; its data stays
	@$(BIN)/python -m local.down

.PHONY: reset
reset: $(DEV) ## stop the local stack and wipe its data
	@$(BIN)/python -m local.reset

.PHONY: simulators
simulators: $(DEV) ## simulated NinjaOne, Tactical RMM and Level on this machine, to connect to and to drive with curl
	@$(BIN)/python -m tests.simulators

.PHONY: bench
bench: $(DEV) $(EMU) ## measure: calls and units per event, throughput, latency, polls, syncs of 10,000 devices, cost; 10 minutes
	@$(BIN)/python -m local.bench $(SECTIONS)

# ---- checks

.PHONY: test
test: $(DEV) $(EMU) ## the whole test suite
	@$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

.PHONY: lint
lint: $(DEV) ## ruff, mypy, cfn-lint and cdk-nag
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/python -m local.lint_template

.PHONY: format
format: $(DEV) ## let ruff rewrite what it can
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

.PHONY: schemas
schemas: $(DEV) ## write the JSON schemas of the events to docs/events
	@$(BIN)/python -m tandem.events.schemas docs/events

# ---- a real account

.PHONY: synth
synth: $(DEV) ## write a tenant's CloudFormation template to cdk.out: make synth TENANT=acme
	@$(BIN)/python app.py $(if $(GIVEN),--tenant '$(GIVEN)')

.PHONY: deploy
deploy: $(DEV) $(CDK) ## deploy a tenant to its AWS account: make deploy TENANT=acme
	@$(BIN)/python -m local.deploy '$(GIVEN)'

# ---- tools

.PHONY: install
install: $(DEV) $(EMU) $(CDK) ## install the tools that the other targets need, and nothing else

.PHONY: lock
lock: $(UV) ## pin the requirements anew, with hashes
	@for name in layers/dependencies/requirements requirements/bootstrap requirements/emulator requirements/dev; do \
		$(UV) pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
			--custom-compile-command 'make lock' "$$name.in" --output-file "$$name.txt"; \
	done

# Always out of date: what has it among its prerequisites is made in any case.
.PHONY: again
again:

need_python = command -v $(PYTHON) >/dev/null || \
	{ echo 'Tandem needs Python 3.11 or newer, and no $(PYTHON) is on the PATH' >&2; exit 1; }

# Complains of all that is missing before anything is installed.
$(UV): requirements/bootstrap.txt
	@$(need_python)
	@$(PYTHON) local/preflight.py python venv node
	@echo 'Installing uv into .local/uv ...'
	@$(PYTHON) -m venv --clear .local/uv
	@.local/uv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bootstrap.txt
	@touch $@

# The CDK library runs on Node, so the development environment is of no use without it.
$(DEV): $(UV) requirements/dev.txt $(if $(filter $(VENV),$(STALE)),again)
	@$(need_python)
	@$(PYTHON) local/preflight.py python node
	@echo 'Installing the development tools into $(VENV) ...'
	@$(if $(filter $(VENV),$(STALE)),$(PYTHON) -m venv --without-pip --clear $(VENV))
	@$(UV) pip sync --quiet --python $(BIN)/python --require-hashes requirements/dev.txt
	@mkdir -p $(@D) && touch $@

$(EMU): $(UV) requirements/emulator.txt $(if $(filter $(EMU_VENV),$(STALE)),again)
	@$(need_python)
	@$(PYTHON) local/preflight.py python
	@echo 'Installing the emulator into $(EMU_VENV) ...'
	@$(if $(filter $(EMU_VENV),$(STALE)),$(PYTHON) -m venv --without-pip --clear $(EMU_VENV))
	@$(UV) pip sync --quiet --python $(EMU_VENV)/bin/python --require-hashes requirements/emulator.txt
	@mkdir -p $(@D) && touch $@

$(CDK): package-lock.json $(if $(NO_CDK),again)
	@$(need_python)
	@$(PYTHON) local/preflight.py python node npm
	@echo 'Installing the CDK command line into node_modules ...'
	@npm ci --silent
	@mkdir -p $(@D) && touch $@
