# Two commands do nearly everything: `make book` and `make test`.
# PYTHON=python3.13 chooses the interpreter.
ifeq ($(origin PYTHON), undefined)
PYTHON := $(if $(wildcard .venv/ready-*),.venv/bin/python,python3)
endif
INTERPRETER := $(shell command -v $(PYTHON))
VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
BIN := .venv/bin
PLAIN := .venv-plain
READY := .venv/ready-$(VERSION)
export PATH := $(CURDIR)/$(BIN):$(PATH)
# Two workers with two BLAS threads each would wait for each other: one thread, but for the tests that set it.
# A progress bar, which slow machines show, would be another output of a notebook.
PYTEST := OPENBLAS_NUM_THREADS=1 TQDM_DISABLE=1 python -m pytest --numprocesses 2 --dist loadgroup

.DEFAULT_GOAL := help
.PHONY: help book plain-book test test-package notebooks exercises grade-demo bench torch student-pack lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Sphinx renders the pages that have changed; a changed style sheet is in all of them.
RENDER_ALL = $(if $(shell find book/_assets book/macros.yml -newer _build/html/index.html 2>/dev/null),--all)
book: $(READY) book/map.md ## Render the book to _build/html/index.html
	@jupyter-book build book --config _config.yml --path-output . -W -n --keep-going -q $(RENDER_ALL)
	@echo "The book is ready: $(CURDIR)/_build/html/index.html"

book/map.md: book/map.yml tools/course_map.py | $(READY)
	python tools/course_map.py

plain-book: $(PLAIN)/ready ## Render the book with plain Sphinx, without Jupyter Book, to _build/plain
	$(PLAIN)/bin/sphinx-build -W -n --keep-going -q -c tools/plain_sphinx book _build/plain

$(PLAIN)/ready: tools/plain_sphinx/requirements.lock
	rm -rf $(PLAIN) && $(INTERPRETER) -m venv $(PLAIN)
	$(PLAIN)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	@touch $@

test: book ## Check style and types, then run every test (nbval, grading and browser tests too)
	ruff check .
	ruff format --check .
	mypy
	$(PYTEST) --nbval --nbval-current-env --nbval-sanitize-with tests/book/sanitize.cfg tests book

test-package: $(READY) ## Run only the tests of labref
	$(PYTEST) tests/labref

CHAPTERS := $(patsubst %.md,%.ipynb,$(wildcard book/[0-9]*.md))
notebooks: $(CHAPTERS) ## Execute the chapters older than their text or labref (book/*.md -> book/*.ipynb)
book/%.ipynb: book/%.md book/macros.yml $(wildcard labref/*.py labref/*/*.py) | $(READY)
	python tools/notebooks.py $<

exercises: $(READY) ## Make the students' notebooks (solutions/ -> exercises/)
	python tools/exercises.py

grade-demo: $(READY) ## Grade a class of ten made-up students and print the table
	python tools/grade_demo.py

bench: torch ## Time labref beside its peers
	python -m benchmarks

torch: $(READY) ## Add PyTorch, a peer of the benchmarks and of some tests
	@python -c 'import torch' 2>/dev/null || python -m pip install --quiet torch==2.13.0

student-pack: $(READY) ## Zip what students need: notebooks, labref, how to start
	python tools/student_pack.py

lock: ## Resolve pyproject.toml's dependencies anew into requirements.lock (needs uv)
	uv pip compile pyproject.toml --extra test --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
		--upgrade --quiet --output-file requirements.lock
	uv pip compile tools/plain_sphinx/requirements.in --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-emit-find-links --upgrade --quiet \
		--custom-compile-command "make lock" --output-file tools/plain_sphinx/requirements.lock

clean: ## Remove all that was made, the environment included
	rm -rf .venv $(PLAIN) _build build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

# One environment for everything, exactly as locked.
$(READY): requirements.lock pyproject.toml
	@$(INTERPRETER) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo \
		"Python 3.11 or newer is needed; $(PYTHON) is '$(VERSION)'. Try: make PYTHON=python3.11" >&2; exit 1; }
	@echo "Setting up .venv with Python $(VERSION) (about a minute, once) ..."
	@test -e $(READY) || { rm -rf .venv && $(INTERPRETER) -m venv .venv; }
	@python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	@python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
