# `make sweep` runs the main job, `make test` the tests, `make check` what a change must pass. Each sets up what it needs.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# The environment is the project's own, whatever is active in the shell that calls make.
unexport VIRTUAL_ENV PYTHONPATH PYTHONHOME

.PHONY: sweep test check format docs lock clean

sweep: $(READY)
	$(BIN)/python -m sweep model=mnv3_small data=plants $(ARGS)

test: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist loadfile $(ARGS)

check: $(READY)
	$(BIN)/ruff check src tests
	$(BIN)/ruff format --check src tests
	$(BIN)/mypy
	$(MAKE) test
	$(MAKE) test ARGS="-m slow"

format: $(READY)
	$(BIN)/ruff check --fix src tests
	$(BIN)/ruff format src tests

# The reference of all settings, from the source, conf/ and sweeps/.
docs: $(READY)
	$(BIN)/python -m sweep.config.reference > docs/configuration.md

# Exact versions with hashes for every platform, and no registry's address.
lock: $(READY)
	$(BIN)/uv pip compile --universal --generate-hashes --no-emit-index-url --python-version 3.11 --all-extras --group dev \
		--quiet --custom-compile-command "make lock" pyproject.toml -o requirements.lock

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; name one: make PYTHON=…")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'uv>=0.7,<1'
	$(BIN)/uv pip sync --quiet --compile-bytecode --require-hashes --python $(BIN)/python requirements.lock
	$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --python $(BIN)/python --editable .
	@touch $@

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache
