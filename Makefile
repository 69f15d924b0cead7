# Two commands for a newcomer: `make demo` and `make test`. `make check` is what a change must also pass.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# Two workers: the suite starts servers and processes of its own. Each takes whole files, whose tests share what they
# set up, and those marked `long` first (tests/conftest.py), so that the end does not wait for one of them.
PYTEST_WORKERS ?= 2

.PHONY: demo test check oracles format clean

demo: $(VENV)/.core
	$(BIN)/pressmark demo

test: $(VENV)/.dev
	$(BIN)/python -m pytest -n $(PYTEST_WORKERS) --dist loadfile --no-loadscope-reorder

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Other people's WARC readers over our files, each in a throw-away environment (docs/warc.md). Needs PyPI and npm.
oracles: $(VENV)/.dev
	$(BIN)/python -m tests.oracles $(ORACLES)

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) demo-archive build dist *.egg-info

$(VENV)/.core: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e .
	touch $@

$(VENV)/.dev: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@ $(VENV)/.core
