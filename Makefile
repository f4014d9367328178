# make demo   the parentheses demo, trained here and opened in the browser
# make test   everything that checks the project
# make trust  the same at length: what docs/reliability.md promises, for hours rather than minutes
# make audit  what is known against the versions in use; asks the advisory services of PyPI and npm
# make clean  forget what these made, but not the demo's project

PYTHON ?= python3
PIP_FLAGS ?=
BIN := .venv/bin
PIP := $(BIN)/pip --disable-pip-version-check install --quiet -c constraints.txt $(PIP_FLAGS)
CLIENT := $(shell find client -path client/node_modules -prune -o -type f -print)
PACKAGES := data models server tools
# Node and npm come from PyPI into the environment, so that none has to be on the machine.
NPM := PATH="$(CURDIR)/$(BIN):$$PATH" npm --prefix client

.PHONY: demo test lint types client-test python-test trust fuzz faults lowest audit clean

demo: .venv/demo.installed
	$(BIN)/lstmvis demo parens

test: lint types client-test python-test

lint: .venv/test.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# mypy reads no editable installs: it is shown the packages under their names.
types: .venv/test.installed
	mkdir -p build/named/lstmvis
	for package in $(PACKAGES); do ln -sfn $(CURDIR)/$$package build/named/lstmvis/$$package; done
	MYPYPATH=build/named $(BIN)/mypy $(PACKAGES:%=-p lstmvis.%)

client-test: client/node_modules/.installed
	$(NPM) run typecheck
	$(NPM) run lint
	$(NPM) test

# axe-core, which the browser tests look for faults with, is among what the client needs.
python-test: .venv/test.installed client/node_modules/.installed
	$(BIN)/pytest

# Each part of it takes long, and can be run alone.
trust: test fuzz faults lowest

# This many requests of each kind, others every time. What fails is printed with the command that repeats it.
FUZZ ?= 1000
fuzz: .venv/test.installed
	LSTMVIS_FUZZ=$(FUZZ) $(BIN)/pytest tests/server/test_fuzz.py

# As many kills of each command that writes, at moments all over its work, and so many damaged projects. Prints what was
# found after the kills, and how often a damage was noticed.
KILLS ?= 20
DAMAGES ?= 2000
faults: .venv/test.installed
	LSTMVIS_KILLS=$(KILLS) LSTMVIS_DAMAGES=$(DAMAGES) $(BIN)/pytest -rP tests/tools/test_kills.py tests/tools/test_full_disk.py \
		tests/test_damage.py

# The Python tests with the lowest version of every dependency that pyproject.toml allows. PyTorch's lowest brings CUDA
# along; PIP_FLAGS as for the demo leave it out.
lowest: .venv/test.installed
	rm -rf .venv-lowest
	$(PYTHON) -m venv .venv-lowest
	$(BIN)/python .ci/lowest.py > .venv-lowest/constraints.txt
	.venv-lowest/bin/pip --disable-pip-version-check install --quiet -c .venv-lowest/constraints.txt $(PIP_FLAGS) \
		-e '.[train,test]'
	.venv-lowest/bin/pytest --ignore tests/browser

# A package that could not be looked up is a failure, as is a service that does not answer. What a build adds to a
# version (+cpu) is not known to the services.
audit: .venv/test.installed client/node_modules/.installed
	test -x .venv-audit/bin/pip-audit || { $(PYTHON) -m venv .venv-audit && \
		.venv-audit/bin/pip --disable-pip-version-check install --quiet 'pip-audit>=2.9'; }
	$(BIN)/pip --disable-pip-version-check freeze --exclude-editable | sed 's/+[^ ]*//' > .venv-audit/in-use.txt
	.venv-audit/bin/pip-audit --strict --no-deps --disable-pip -r .venv-audit/in-use.txt
	$(NPM) audit

.venv/made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "lstmvis needs Python 3.11 or newer; \
	this is " + sys.version.split()[0] + ". Choose another with: make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	@touch $@

.venv/demo.installed: .venv/made pyproject.toml constraints.txt setup.py $(CLIENT)
	@echo "Installing lstmvis and building its page"
	$(PIP) -e '.[train,demos]'
	@touch $@

.venv/test.installed: .venv/made pyproject.toml constraints.txt setup.py $(CLIENT)
	$(PIP) -e '.[train,demos,test]'
	@touch $@ .venv/demo.installed

client/node_modules/.installed: .venv/test.installed client/package-lock.json
	$(NPM) ci --no-audit --no-fund
	@touch $@

clean:
	rm -rf .venv .venv-lowest .venv-audit build client/node_modules server/static *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
