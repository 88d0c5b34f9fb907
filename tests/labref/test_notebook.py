"""Figures described in words, and code shown by its source."""

import ast
import re

import matplotlib as mpl
import numpy as np
import pytest

mpl.use("agg")
import matplotlib.pyplot as plt

from labref import activations, graph, layers, notebook


@pytest.fixture
def axes():
    figure, ax = plt.subplots()
    yield ax
    plt.close(figure)


def without_docstrings(tree: ast.AST) -> str:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
            del node.body[0]
    return ast.dump(tree)


@pytest.mark.parametrize(
    "thing", [activations.softmax, layers.Dense, layers.Dense.backward, graph.Multiply]
)
def test_shown_source_is_the_code_without_docstrings(thing):
    import inspect
    import textwrap

    shown = notebook.source_without_docstrings(thing)
    whole = ast.parse(textwrap.dedent(inspect.getsource(thing)))
    assert ast.dump(ast.parse(shown)) == without_docstrings(whole)
    assert '"""' not in shown


def test_lines_are_described_by_their_data(axes):
    axes.set_ylabel("error")
    axes.plot([1, 2, 4], [0.123456, 2000.0, 1e-20], label="ours")
    assert notebook.describe(axes.figure) == (
        "Figure\naxes 'error'\n  line 'ours': 3 points, x 1 2 4, y 0.12 2e+03 0"
    )


def test_another_value_gives_another_description(axes):
    (line,) = axes.plot([1, 2, 3])
    before = notebook.describe(axes.figure)
    line.set_ydata([1, 2, 4])
    assert notebook.describe(axes.figure) != before


def test_values_that_are_rounding_errors_are_left_out(axes):
    axes.plot([1, 2], [1e-17, 3e-17], gid="rounding")
    assert notebook.describe(axes.figure).endswith("line: 2 points, x 1 2")


def test_images_points_and_bars_are_described(axes):
    axes.imshow(np.array([[0.0, 1.0], [2.0, 5.0]]))
    axes.scatter([1, 2], [3, 4])
    axes.bar([0, 1, 2], [5, 6, 7])
    text = notebook.describe(axes.figure)
    assert "image 2 x 2: min, mean, max 0 2 5" in text
    assert "2 points: x 1 2, y 3 4" in text
    assert "3 bars: 5 6 7" in text


def test_images_share_one_symmetric_scale():
    figure, axes = plt.subplots(1, 2)
    notebook.show_images(axes, np.array([[[0.0, 1.0]], [[-3.0, 0.5]]]), ["a", "b"])
    assert [ax.images[0].get_clim() for ax in axes] == [(-3.0, 3.0), (-3.0, 3.0)]
    plt.close(figure)


def test_dots_run_along_the_lines_of_an_animation(axes):
    lines = axes.plot([0, 1, 3], [0, 2, 1]) + axes.plot([0, 2], [0, 5])
    axes.set(xlim=(-1, 3), ylim=(-1, 3))
    axes.figure.canvas.draw()
    (x0, y0), (x1, y1) = axes.transData.transform([(0, 0), (3, 1)]) * 72 / axes.figure.dpi
    shown = notebook.animate("race", 'two "paths"', lines, 5)
    html = shown._repr_html_()
    assert 'id="race-0"' in html
    assert 'aria-label="two &quot;paths&quot;"' in html
    assert "#race:checked ~ svg #race-1 {animation: race-1 5s linear forwards}" in html
    first, second = re.findall(r"@keyframes race-\d \{((?:[^{}]*\{[^{}]*\})*)\}", html)
    end = f"{{translate: {x1 - x0:.1f}px {y0 - y1:.1f}px; opacity: 1}}"
    assert first.startswith("0% {translate: 0.0px -0.0px; opacity: 1} 50% {")
    assert first.endswith(f"100% {end} 100% {end}")
    assert second.endswith("opacity: 0}")
    assert repr(shown) == notebook.describe(axes.figure)
    assert not plt.fignum_exists(axes.figure.number)


def test_setup_registers_the_style_and_the_description():
    from IPython.testing.globalipapp import start_ipython

    shell = start_ipython()
    before = dict(mpl.rcParams)
    try:
        notebook.setup()
        figure, ax = plt.subplots()
        ax.plot([1, 2])
        data, _ = shell.display_formatter.format(figure)
        plt.close(figure)
        assert data["text/plain"].startswith("Figure\naxes")
        assert mpl.rcParams["svg.hashsalt"] == "labref"
    finally:
        mpl.rcParams.update(before)
