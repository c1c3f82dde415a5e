# make demo            the whole thing with a sample catalogue, until Ctrl-C   (ONCE=1: exit; MODEL=mobilenet_v2)
# make test            every test that needs only Python, and others where their servers are
# make bench           all benchmarks into docs/benchmarks.md                  (ONE=name: one of them)
# make lint            ruff, mypy, import rules
# make settings        the settings tables of the READMEs, brought up to date
# make revision        a migration script from changed tables: ID=0002 MESSAGE="What changed."

VENV ?= .venv
export PYTHON
PY := $(VENV)/bin/python
INSTALL = sh deploy/install.sh \
	$(PY) -m pip install --disable-pip-version-check --constraint constraints.txt --editable

.PHONY: demo test bench lint settings revision clean

demo: $(VENV)/installed-demo $(if $(filter-out descriptor fake,$(MODEL)),$(VENV)/installed-torch)
	@$(VENV)/bin/tusou demo $(if $(MODEL),--model $(MODEL)) $(if $(ONCE),--once)

test: $(VENV)/installed-test
	$(PY) -m pytest -n 2 --dist loadgroup $(ARGS)

bench: $(VENV)/installed-test $(VENV)/installed-train
	@$(PY) -m benchmarks $(ONE)

lint: $(VENV)/installed-test $(VENV)/installed-check
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(VENV)/bin/lint-imports

settings: $(VENV)/installed-demo
	@$(PY) -m services.cli.settings_table $(shell grep -l '<!-- settings -->' README*.md)

revision: $(VENV)/installed-demo
	@$(PY) -m shared.db.revision "$(ID)" "$(MESSAGE)"

clean:
	rm -rf $(VENV) .tusou

$(VENV)/bin/python:
	@sh deploy/make-venv.sh "$(VENV)"

$(VENV)/installed-demo: $(VENV)/bin/python pyproject.toml constraints.txt
	@echo "installing (about 400 MB, once) ..."
	@$(INSTALL) ".[all]"
	@touch $@

$(VENV)/installed-torch: $(VENV)/installed-demo
	@echo "installing torch and torchvision (5 GB, once; minutes) ..."
	@$(INSTALL) ".[all,torch]"
	@touch $@

$(VENV)/installed-train: $(VENV)/bin/python pyproject.toml constraints.txt
	@echo "installing what training needs: torch and torchvision (5 GB, once; minutes) ..."
	@$(INSTALL) ".[all,train]"
	@touch $@ $(VENV)/installed-demo $(VENV)/installed-torch

$(VENV)/installed-test: $(VENV)/bin/python pyproject.toml constraints.txt
	@echo "installing what the tests need ..."
	@$(INSTALL) ".[test]"
	@touch $@ $(VENV)/installed-demo

$(VENV)/installed-check: $(VENV)/installed-test
	@$(INSTALL) ".[check]"
	@touch $@
