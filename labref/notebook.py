"""What the chapters' notebooks need besides the algorithms: figures in one style, code by source.

Needs matplotlib and IPython, which come with ``labref[book]``.
"""

from __future__ import annotations

import ast
import inspect
import io
import re
import textwrap
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from labref._arguments import Array

if TYPE_CHECKING:
    from IPython.display import Markdown
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

# Okabe and Ito's colours, which readers with any colour vision can tell apart, darkest first.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
LINE_STYLES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (1, 1)), "-")

STYLE: dict[str, Any] = {
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.constrained_layout.use": True,
    "figure.facecolor": "white",
    "figure.figsize": (6.4, 3.4),
    "font.size": 10.0,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.6,
    "image.cmap": "RdBu_r",
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "svg.hashsalt": "labref",
}


def setup() -> None:
    """Set the book's figure style, and make figures show as SVG with their data in words.

    The text form of a displayed figure is ``describe(figure)``: readers of the notebook's text get
    the data behind the picture, and so does the regression test, which compares this text.
    """
    import matplotlib as mpl
    from cycler import cycler
    from IPython.core.getipython import get_ipython
    from matplotlib.figure import Figure
    from matplotlib_inline.backend_inline import set_matplotlib_formats

    rc: Any = mpl.rcParams
    rc.update(STYLE)
    rc["axes.prop_cycle"] = cycler(color=COLORS) + cycler(linestyle=LINE_STYLES)
    set_matplotlib_formats("svg", metadata={"Date": None})  # type: ignore[no-untyped-call]
    shell: Any = get_ipython()
    shell.display_formatter.formatters["text/plain"].for_type(
        Figure, lambda figure, printer, cycle: printer.text(describe(figure))
    )


def show_source(thing: Any) -> Markdown:
    """Return the source of a function or class for display, without its docstrings.

    Parameters
    ----------
    thing
        A function, class or method of labref.

    Raises
    ------
    TypeError
        If it has no Python source.
    """
    from IPython.display import Markdown

    text = f"```python\n{source_without_docstrings(thing)}\n```"
    return Markdown(text)  # type: ignore[no-untyped-call]


def source_without_docstrings(thing: Any) -> str:
    """Return the source of a function or class, docstrings left out and else to the letter."""
    source = textwrap.dedent(inspect.getsource(thing))
    lines = source.splitlines()
    drop: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
            text = node.body[0]
            assert text.end_lineno is not None
            after = text.end_lineno
            if isinstance(node, ast.ClassDef) and not lines[after].strip():
                after += 1
            drop.update(range(text.lineno, after + 1))
    return "\n".join(line for number, line in enumerate(lines, 1) if number not in drop).rstrip()


def show_images(axes: npt.NDArray[Any], images: Array, titles: list[str] | None = None) -> None:
    """Draw one image per axes, all on one scale that is symmetric about 0.

    Parameters
    ----------
    axes
        As many as there are images, in any arrangement.
    images
        Shape (M, height, width).
    titles
        One per image.
    """
    limit = float(np.abs(images).max())
    for i, (ax, image) in enumerate(zip(axes.ravel(), images, strict=True)):
        ax.imshow(image, vmin=-limit, vmax=limit, interpolation="nearest")
        ax.set_axis_off()
        if titles is not None:
            ax.set_title(titles[i], fontsize=9)


class Animation:
    """A drawing in which dots run along lines when the reader ticks a box; see ``animate``.

    It is HTML without a script. Its text form is the figure's description.
    """

    def __init__(self, html: str, description: str) -> None:
        self.html = html
        self.description = description

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        """Return what nbval compares."""
        return self.description


def animate(name: str, alt: str, lines: Sequence[Line2D], seconds: float) -> Animation:
    """Return a figure with a dot that runs along each line, from point to point in equal times.

    Parameters
    ----------
    name
        A word that no other animation of the page has.
    alt
        What the figure shows, in words.
    lines
        Of one figure, which is closed. A dot is invisible while its line is outside the axes; the
        longest line takes the whole time.
    seconds
        How long that is.
    """
    import matplotlib.pyplot as plt

    figure: Any = lines[0].figure
    figure.canvas.draw()  # which lays the axes out
    duration = max(len(np.asarray(line.get_xydata())) for line in lines) - 1
    styles = []
    for i, line in enumerate(lines):
        ax: Any = line.axes
        gid = f"{name}-{i}"
        points = np.asarray(line.get_xydata())
        ax.plot(*points[0], "o", color=line.get_color(), markersize=6, gid=gid)
        places = ax.transData.transform(points) * 72 / figure.dpi
        moves = (places - places[0]) * [1, -1]
        shown = [int(ax.viewLim.contains(*point)) for point in points]
        frames = [
            f"{{translate: {x:.1f}px {y:.1f}px; opacity: {visible}}}"
            for (x, y), visible in zip(moves, shown, strict=True)
        ]
        times = [*(100 * np.arange(len(frames)) / duration), 100]
        keys = (f"{t:.4g}% {frame}" for t, frame in zip(times, [*frames, frames[-1]], strict=True))
        styles.append(
            f"@keyframes {gid} {{{' '.join(keys)}}}"
            f" #{name}:checked ~ svg #{gid} {{animation: {gid} {seconds}s linear forwards}}"
        )
    description = describe(figure)
    drawing = io.StringIO()
    figure.savefig(drawing, format="svg", metadata={"Date": None})
    plt.close(figure)
    svg = drawing.getvalue()
    svg = re.sub(rf'<g id="(?!{name}-)[^"]*"', "<g", svg[svg.index("<svg") :])
    svg = svg.replace("<svg", f'<svg role="img" aria-label="{escape(alt)}"', 1)
    svg = svg.replace("</svg>", f"<style>{' '.join(styles)}</style></svg>")
    box = f'<input type="checkbox" id="{name}"> <label for="{name}">run</label>'
    return Animation(f'<div class="animation">{box}\n{svg}</div>', description)


def describe(figure: Figure) -> str:
    """Say what data a figure shows, rounded to two digits, so that it reads alike on any computer.

    An artist whose ``gid`` is "rounding" shows rounding errors, which differ between computers:
    its values are left out.
    """
    parts = []
    for ax in figure.axes:
        name = ax.get_title() or ax.get_ylabel() or "unnamed"
        lines = [_describe_line(line) for line in ax.lines]
        images = [_describe_image(image) for image in ax.images]
        points = [_describe_points(c) for c in ax.collections if len(_offsets(c)) > 1]
        bars = [
            f"  {len(c)} bars: {_sample([b.get_height() for b in c])}"
            for c in ax.containers
            if hasattr(c, "patches")
        ]
        parts += [f"axes {name!r}", *lines, *images, *points, *bars]
    return "\n".join(["Figure", *parts])


def _describe_line(line: Any) -> str:
    label = line.get_label()
    name = "line" if label.startswith("_") else f"line {label!r}"
    x, y = line.get_data()
    if line.get_gid() == "rounding":
        return f"  {name}: {len(x)} points, x {_sample(x)}"
    return f"  {name}: {len(x)} points, x {_sample(x)}, y {_sample(y)}"


def _describe_image(image: Any) -> str:
    data = image.get_array()
    size = " x ".join(map(str, data.shape))
    return f"  image {size}: min, mean, max {_sample([data.min(), data.mean(), data.max()])}"


def _describe_points(collection: Any) -> str:
    offsets = np.asarray(_offsets(collection))
    return f"  {len(offsets)} points: x {_sample(offsets[:, 0])}, y {_sample(offsets[:, 1])}"


def _offsets(collection: Any) -> Any:
    return collection.get_offsets()


def _sample(values: Any, n: int = 5) -> str:
    """Return up to ``n`` evenly spaced values with two digits each."""
    array = np.asarray(values, dtype=float).ravel()
    array = np.where(np.abs(array) > 1e-9 * np.abs(array).max(), array, 0.0)
    picked = array[np.linspace(0, len(array) - 1, min(n, len(array))).round().astype(int)]
    return " ".join(f"{value:.2g}" for value in picked)
