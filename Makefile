# Everything a developer or an operator runs. `make help` lists it.

VENV := .venv
PY := $(VENV)/bin/python
VAR := $(or $(VAR_DIR),var)
APPS := config $(patsubst %/apps.py,%,$(wildcard */apps.py))
TEMPLATES = $(wildcard templates $(APPS:%=%/templates))
CATALOGUES = $(patsubst %.po,%.mo,$(wildcard locale/*/LC_MESSAGES/*.po))
STATIC_SOURCES = $(shell find static $(wildcard $(APPS:%=%/static)) -type f 2>/dev/null)
# A production-like environment: what `check --deploy` judges.
DEPLOYED = DEBUG=false HTTPS=true SITE_URL=https://opsgate.example ALLOWED_HOSTS=opsgate.example \
	DATABASE_URL=postgres://opsgate@127.0.0.1/opsgate REDIS_URL=redis://127.0.0.1:6379/0 \
	SECRET_KEY=$$($(PY) -c "import secrets; print(secrets.token_urlsafe(64))")
LOCK = $(VENV)/bin/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-emit-find-links --no-emit-index-annotation \
	--no-annotate --custom-compile-command "make lock"

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

help: ## List what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: writable $(VENV)/runtime.stamp catalogues static ## Start Opsgate on this machine, with demo data on the first start
	@exec $(PY) manage.py serve --prepare

test: $(VENV)/dev.stamp catalogues ## Run every test; on PostgreSQL too where TEST_DATABASE_URL names one
	@PY=$(PY) bash scripts/test.sh

prove: $(VENV)/dev.stamp catalogues ## Run the long proofs: races, faults, strangers; ROUND=short for the round CI runs
	PROVE=$(or $(ROUND),full) $(PY) -m pytest -m proof tests/proof -n 2 --dist worksteal

bench: $(VENV)/dev.stamp catalogues ## Measure speed against a yardstick of the same run; BENCH="--only action" for a part
	$(PY) -m tests.bench $(BENCH)

check: $(VENV)/dev.stamp catalogues ## Run every check that is not a test
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy .
	$(if $(TEMPLATES),$(PY) -m djlint $(TEMPLATES) --lint --check --quiet)
	$(PY) manage.py check --fail-level WARNING
	$(DEPLOYED) $(PY) manage.py check --deploy --fail-level WARNING
	$(PY) manage.py makemigrations --check --dry-run
	$(PY) scripts/check_translations.py
	$(PY) scripts/audit_dependencies.py

venv: $(VENV)/dev.stamp ## Make .venv with everything for development

catalogues: $(CATALOGUES) ## Compile the translations

static: $(VAR)/static.stamp ## Collect the static files

messages: $(VENV)/dev.stamp ## Bring the translation files up to date with the code (needs gettext)
	$(PY) manage.py makemessages -l zh_Hans --no-location --no-wrap

lock: $(VENV)/dev.stamp ## Pin the dependencies of pyproject.toml anew
	$(LOCK) --output-file requirements.txt $(UPGRADE)
	$(LOCK) --extra dev --constraint requirements.txt --output-file requirements-dev.txt $(UPGRADE)

writable:
	@{ test -w . && mkdir -p "$(VAR)" && touch "$(VAR)/.writable"; } 2>/dev/null || \
	{ echo "Opsgate cannot start: it must be able to write to $(CURDIR) and $(VAR)." >&2; exit 1; }

$(PY):
	@PYTHON=$(PYTHON) bash scripts/make_venv.sh $(VENV)

$(VENV)/runtime.stamp: requirements.txt | $(PY)
	@echo "Installing what Opsgate needs:"
	@$(PY) -m pip install --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

$(VENV)/dev.stamp: requirements-dev.txt | $(PY)
	@echo "Installing what Opsgate and its developers need:"
	@$(PY) -m pip install --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@ $(VENV)/runtime.stamp

%.mo: %.po | $(VENV)/runtime.stamp
	@$(PY) -m babel.messages.frontend --quiet compile --input-file $< --output-file $@ \
		--locale $(notdir $(patsubst %/LC_MESSAGES/,%,$(dir $<)))

$(VAR)/static.stamp: requirements.txt $(STATIC_SOURCES) | $(VENV)/runtime.stamp
	@echo "Collecting static files"
	@$(PY) manage.py collectstatic --noinput --verbosity 0
	@mkdir -p $(VAR) && touch $@

.PHONY: help run writable test prove bench check venv catalogues static messages lock
