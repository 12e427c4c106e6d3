# Everything that a fresh Debian 12 machine with Python 3.11+ and git needs: `make demo` to see it, `make test` to prove it.
#
# Variables:
#   PYTHON   interpreter that the environment is made from
#   VENV     folder of the environment
#   TORCH    what to install as torch for the tests. The default is good anywhere but large on Linux, because the usual
#            build carries CUDA; name another requirement, such as a CPU build's local version or a wheel file, to choose.
#   ARGS     more arguments for `spotter demo` (make demo ARGS="--once") or pytest (make test ARGS="-k fall")

PYTHON ?= python3
VENV ?= .venv
TORCH ?= torch==2.13.0
ARGS ?=

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

TEST_PACKAGES := chromium fonts-dejavu-core libpangoft2-1.0-0 python3-gi gir1.2-gst-rtsp-server-1.0 \
	gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly \
	mosquitto postgresql prometheus prometheus-alertmanager redis-server

# Folders whose tests compute and hardly wait: they run beside the others.
COMPUTING := tests/benchmarks tests/ergonomics tests/evaluation tests/pose tests/recordings tests/report tests/simulate

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo install test packages lint pytest faults reconnects check format clean

help: ## Print what there is to make
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: install ## Set up what is missing and show Spotter on three synthetic clips
	$(BIN)/spotter demo $(ARGS)

install: $(VENV)/.installed ## Make the environment with the default dependencies

test: packages $(VENV)/.tested ## Install what the tests need and run every check and test
	$(MAKE) --no-print-directory check

check: lint pytest ## Every check and test, in the environment as it is

lint: $(VENV)/.tested ## ruff, mypy and the import floors
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

pytest: $(VENV)/.tested ## The test suite alone
ifeq ($(strip $(ARGS)),)
	scripts/run-tests $(BIN)/pytest $(COMPUTING)
else
	$(BIN)/pytest $(ARGS)
endif

faults: $(VENV)/.tested ## The long fault suite: every scenario with several seeds (ARGS="broker-restart --seeds 10")
	$(BIN)/python benchmarks/faults.py $(ARGS)

reconnects: $(VENV)/.tested ## A thousand reconnects of a real RTSP server: memory, threads and descriptors stay flat
	$(BIN)/python benchmarks/reconnects.py $(ARGS)

format: $(VENV)/.tested ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

packages: ## Debian packages of the tests (a browser, an RTSP server, Postgres, Redis, Prometheus, an MQTT broker)
	scripts/debian-packages $(TEST_PACKAGES)

clean: ## Remove the environment and every cache
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find services tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	scripts/make-environment "$(PYTHON)" "$(VENV)"

# The stamps are as old as the last change of the dependencies, so that a second run installs nothing.
$(VENV)/.installed: pyproject.toml | $(BIN)/python
	@echo "Installing Spotter and its dependencies into $(VENV) (once; some minutes on a slow line)"
	$(PIP) install --quiet --editable .
	@touch $@

$(VENV)/.tested: pyproject.toml | $(BIN)/python
	@echo "Installing Spotter, torch and the test tools into $(VENV) (once; torch is large)"
	$(PIP) install --quiet "$(TORCH)"
	$(PIP) install --quiet --editable ".[torch,stream,notify,trace,report,dev]"
	@touch $@ $(VENV)/.installed
