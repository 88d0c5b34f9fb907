"""The book's macros are written out as the LaTeX that they stand for."""

import nbformat
import pytest
from macros import USE, expand

from tests.book.chapters import CHAPTERS


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        (r"$\mat{W}^\top$", r"$\mathbf{W}^\top$"),
        (r"\pd{\loss}{\mat{W}^{(l)}}", r"\frac{\partial \mathcal{L}}{\partial \mathbf{W}^{(l)}}"),
        (r"\norm{\pd{f}{x}}^2", r"\lVert \frac{\partial f}{\partial x} \rVert^2"),
        (r"\vdelta \vect{x}_{n}", r"\boldsymbol{\delta} \mathbf{x}_{n}"),
        (r"no macro: \losses, \mathbf{x}", r"no macro: \losses, \mathbf{x}"),
    ],
)
def test_a_macro_is_written_out(text, latex):
    assert expand(text) == latex


@pytest.mark.parametrize("text", [r"\mat W", r"\mat", r"\pd{f}", r"\norm{x", r"\norm{{x}"])
def test_a_missing_argument_is_refused(text):
    with pytest.raises(ValueError, match=r"needs \{\.\.\.\} after it"):
        expand(text)


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_no_notebook_needs_the_macros(path):
    notebook = nbformat.read(path.with_suffix(".ipynb"), as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            assert not USE.search(cell.source), cell.source
