# Everything that is done with this repository. `make` lists the targets. The work is in tests/tooling (Python, standard
# library only); what is made lies under .build/, logs in .build/log/, what is expensive in $XDG_CACHE_HOME/bulkhead.
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
.PHONY: help venv check test sanity bench demo docs generate clean

BOOTSTRAP := $(or $(shell command -v python3.11),$(shell command -v python3),python3)
TOOLING := $(BOOTSTRAP) -m tests.tooling
PYTHON := .build/venv/bin/python
COLLECTIONS := $(CURDIR)/.build/collections
export PYTHONDONTWRITEBYTECODE := 1
IN_LAB := ANSIBLE_COLLECTIONS_PATH=$(COLLECTIONS) PYTHONPATH=$(CURDIR):$(COLLECTIONS) $(PYTHON)
# The lab starts a Docker daemon, for which it must be root; what this user has built it finds in this user's cache.
SETTINGS := $(foreach name,$(filter BULKHEAD_% KUBEBUILDER_ASSETS,$(.VARIABLES)),$(name)="$($(name))")
AS_ROOT := $(if $(filter 0,$(shell id -u)),,sudo env PATH="$(PATH)" XDG_CACHE_HOME="$(or $(XDG_CACHE_HOME),$(HOME)/.cache)" $(SETTINGS)) env $(IN_LAB)

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

venv: ## make the Python environment for development, or bring it up to date
	@$(TOOLING) venv main

check: venv ## the fast loop: format, lint, types, spelling, YAML, changelog, generated files, unit tests
	@$(TOOLING) run check

test: venv ## everything: check, units and sanity on each ansible-core, lint, docs, integration and end-to-end
	@$(TOOLING) run test

sanity: venv ## ansible-test sanity on each supported ansible-core (this machine's Pythons)
	@$(TOOLING) run sanity

stage-%: venv
	@$(TOOLING) run $*

bench: venv ## measure speed and memory beside a peer
	@$(TOOLING) lab
	@$(AS_ROOT) -m tests.benchmark

demo: venv ## audit, harden, audit again, change by hand, catch the drift: on a real, private dockerd
	@$(TOOLING) lab
	@$(AS_ROOT) -m tests.lab demo

docs: venv ## build the documentation into docs/_build/html
	@$(TOOLING) run docs

generate: venv ## write the control catalogue, and each role's README.md and defaults from its argument_specs.yml
	@env $(IN_LAB) -m tests.tooling generate

clean: ## remove all that was made in the checkout (the cache of expensive things stays)
	@rm -rf .build docs/_build tests/output .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
