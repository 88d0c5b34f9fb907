"""The book without Jupyter Book: Sphinx, MyST-NB and the book theme, settings from _config.yml.

sphinx-build -W -n --keep-going -c tools/plain_sphinx book _build/plain
"""

import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "tools"))  # for macros
_config = yaml.safe_load((ROOT / "_config.yml").read_text("utf8"))
_sphinx = _config["sphinx"]["config"]

project = html_title = _config["title"]
author = _config["author"]
copyright = _config["copyright"]

globals().update(_sphinx)
extensions = [
    name
    for name in _sphinx["extensions"]
    # Jupyter Book's own; comments and thebe, which the book does not use
    if name not in ("jupyter_book", "sphinx_comments", "sphinx_book_theme")
] + ["sphinx_multitoc_numbering"]
html_theme = "sphinx_book_theme"
html_static_path = [str(ROOT / "book" / folder) for folder in _sphinx["html_static_path"]]

external_toc_path = "_toc.yml"
exclude_patterns = _config["exclude_patterns"]
bibtex_bibfiles = [str(ROOT / "book" / name) for name in _config["bibtex_bibfiles"]]
nb_execution_mode = _config["execute"]["execute_notebooks"]
myst_enable_extensions = _config["parse"]["myst_enable_extensions"]
myst_dmath_double_inline = _config["parse"]["myst_dmath_double_inline"]
