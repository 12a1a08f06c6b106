# Everything a person or a CI machine does. `make demo` and `make test` set up what they need by themselves.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: setup demo studio web test check format bench clean
setup: $(READY)

# torch comes first and pinned: with none installed, a range lets pip choose a build with gigabytes of CUDA.
$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt torch
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

# The front end, built again whenever one of its sources is newer. npm comes with node, or with the wheel's own node.
STATIC := src/nonesuch/studio/static/index.html
WEB_SOURCES := $(shell find web/src web/public web/*.json web/*.ts web/*.js web/index.html -type f 2>/dev/null)
web/node_modules/.package-lock.json: web/package-lock.json
	npm --prefix web ci --no-audit --no-fund
$(STATIC): web/node_modules/.package-lock.json $(WEB_SOURCES)
	npm --prefix web run build
web: $(STATIC)

studio: $(READY) web
	$(BIN)/nonesuch studio

demo: $(READY)
	$(BIN)/nonesuch demo

# One thread a test process: bits repeat, and two processes do not wait for each other.
test: check
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -q -n 2 --dist loadfile

check: $(READY)
	$(BIN)/ruff format --check src tests tools benchmarks examples
	$(BIN)/ruff check src tests tools benchmarks examples
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_rings.py

format: $(READY)
	$(BIN)/ruff format src tests tools benchmarks examples
	$(BIN)/ruff check --fix src tests tools benchmarks examples

bench: $(READY)
	$(BIN)/python benchmarks/run_all.py

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist
