# make sweep: from a clone to a finding card. make help: the rest.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := venv

VENV ?= .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check -qq
GATE := tests/tools/gate.sh
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export PYTHONDONTWRITEBYTECODE := 1

.PHONY: help
help: ## this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

# --- The venv: runtime for a user, the tests' tools on top for a developer. Each is done once. ---

.PHONY: venv
venv: $(VENV)/.runtime ## the venv, with this checkout linked into it as the collection local_llm.lab

$(VENV)/.made:
	@python=$$(scripts/find_python.sh); echo "venv: $(VENV) with $$python"; "$$python" -m venv --clear $(VENV)
	@touch $@

$(VENV)/.runtime: requirements.txt | $(VENV)/.made
	@echo "venv: installing requirements.txt"
	@$(PIP) install -r requirements.txt
	@site=$$($(PY) -c 'import sysconfig; print(sysconfig.get_path("purelib"))'); \
	  mkdir -p "$$site/ansible_collections/local_llm"; ln -sfn "$(CURDIR)" "$$site/ansible_collections/local_llm/lab"
	@touch $@

$(VENV)/.tests: tests/requirements.txt $(VENV)/.runtime
	@echo "venv: installing tests/requirements.txt"
	@$(PIP) install -r tests/requirements.txt
	@touch $@

# --- What a user runs ---

.PHONY: sweep
sweep: venv ## the demo sweep on this machine; again: go on where it was. ARGS=--new starts a new generation
	@$(PY) scripts/lab sweep -l embedded $(ARGS)

# --- Gates: each prints one line; its whole output is in build/logs. Cheap ones first, two at a time; those that
# measure time have the machine to themselves. All run, whatever fails. ---

LINTS := ruff ruff-format mypy tree yamllint changelog docs ansible-lint
TESTS := package ansible-sanity pytest-unit ansible-units
ALONE := pytest-integration

.PHONY: lint test
lint: $(VENV)/.tests ## the static gates
	@$(MAKE) --keep-going -j2 $(LINTS:%=gate-%)

test: $(VENV)/.tests ## every gate that needs neither root nor Docker
	@failed=0; $(MAKE) --keep-going -j2 $(LINTS:%=gate-%) $(TESTS:%=gate-%) || failed=1; \
	  $(MAKE) --keep-going -j1 $(ALONE:%=gate-%) || failed=1; exit $$failed

.PHONY: $(LINTS:%=gate-%) $(TESTS:%=gate-%) $(ALONE:%=gate-%)
gate-ruff:
	@$(GATE) ruff ruff check .
gate-ruff-format:
	@$(GATE) ruff-format ruff format --check .
gate-mypy:
	@$(GATE) mypy mypy
gate-tree:
	@$(GATE) tree $(PY) tests/tools/check_tree.py
gate-yamllint:
	@$(GATE) yamllint yamllint --strict .
gate-changelog:
	@$(GATE) changelog antsibull-changelog lint
gate-docs:
	@$(GATE) docs antsibull-docs lint-collection-docs --plugin-docs --validate-collection-refs self .
gate-ansible-lint:
	@ANSIBLE_HOST_PATTERN_MISMATCH=ignore $(GATE) ansible-lint ansible-lint --nocolor
gate-package:
	@$(GATE) package tests/tools/package.sh
gate-ansible-sanity:
	@$(GATE) ansible-sanity tests/tools/ansible_test.sh sanity
gate-ansible-units:
	@$(GATE) ansible-units tests/tools/ansible_test.sh units
gate-pytest-unit:
	@$(GATE) pytest-unit $(PY) -m pytest tests/unit
gate-pytest-integration:
	@$(GATE) pytest-integration $(PY) -m pytest -n 2 --dist loadfile --no-loadscope-reorder --durations=15 tests/integration_py

.PHONY: molecule
molecule: $(VENV)/.tests ## the sweep on a systemd container (needs Docker, and root once to build the image)
	@tests/tools/molecule.sh

.PHONY: nightly
nightly: $(VENV)/.tests ## what is too slow for every change: other Pythons, all canaries, a real llama-server, chaos, deployments
	@$(GATE) other-pythons tests/tools/other_pythons.sh
	@$(GATE) canaries $(PY) scripts/lab canary verify
	@$(GATE) llama-server tests/tools/llama_server.sh
	@LAB_NIGHTLY=1 $(GATE) engine-faults $(PY) -m pytest tests/integration_py/sweep/test_engines.py
	@LAB_NIGHTLY=1 $(GATE) kills $(PY) -m pytest tests/integration_py/sweep/test_kill.py
	@LAB_NIGHTLY=1 $(GATE) deploy $(PY) -m pytest tests/integration_py/sweep/test_deploy.py
	@LAB_NIGHTLY=1 $(GATE) chaos $(PY) -m pytest --timeout 3600 tests/integration_py/store/test_chaos.py
	@LAB_NIGHTLY=1 $(GATE) smoke $(PY) -m pytest tests/integration_py/smoke
	@LAB_HYPOTHESIS_PROFILE=nightly $(GATE) parsers $(PY) -m pytest -n 2 --dist worksteal --timeout 600 tests/unit/plugins/plugin_utils/chat

.PHONY: bench
bench: $(VENV)/.tests ## measure, into build/bench.json; ONLY=name for one
	@ONLY="$(ONLY)" $(PY) -m tests.benchmarks

.PHONY: clean
clean: ## remove the venv and what was built; the lab's results (lab/) stay
	@rm -rf $(VENV) build .ansible .mypy_cache .pytest_cache .ruff_cache .hypothesis local_llm-lab-*.tar.gz
