"""Test surfaces over the plane: value, gradient and Hessian, for one point or a whole grid."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from labref import _arguments
from labref._arguments import Array

_Parts = tuple[Array | float, ...]


@dataclass(frozen=True)
class Surface:
    """A function of two weights w = (x, y).

    Its methods take one point, shape (2,), or a grid, shape (2, ...), such as
    ``numpy.stack(numpy.meshgrid(xs, ys))``. They keep float32, and raise TypeError or ValueError
    if ``w`` is not finite real numbers of that shape.

    Attributes
    ----------
    name
        What the surface is called in ``SURFACES``.
    of, slopes_of, curvatures_of
        Functions of the coordinates ``x`` and ``y``: the value; the two first derivatives; the
        three second derivatives xx, xy and yy. The methods below are built on them.
    minimum
        Where it is smallest, or None if it falls without bound.
    start
        A good place to start descending from.
    plot_range
        What to draw: lowest and highest x, lowest and highest y.
    """

    name: str
    of: Callable[[Array, Array], Array]
    slopes_of: Callable[[Array, Array], _Parts]
    curvatures_of: Callable[[Array, Array], _Parts]
    minimum: tuple[float, float] | None
    start: tuple[float, float]
    plot_range: tuple[float, float, float, float]

    def value(self, w: npt.ArrayLike) -> Array:
        """Return the height at ``w`` (2, ...), of shape (...)."""
        x, y = _coordinates(w)
        return np.asarray(self.of(x, y))

    def gradient(self, w: npt.ArrayLike) -> Array:
        """Return the gradient at ``w`` (2, ...), of the same shape."""
        x, y = _coordinates(w)
        return np.array(np.broadcast_arrays(*self.slopes_of(x, y), x)[:2], dtype=x.dtype)

    def hessian(self, w: npt.ArrayLike) -> Array:
        """Return the Hessian at ``w`` (2, ...), of shape (2, 2, ...)."""
        x, y = _coordinates(w)
        xx, xy, yy, _ = np.broadcast_arrays(*self.curvatures_of(x, y), x)
        return np.array([[xx, xy], [xy, yy]], dtype=x.dtype)

    def objective(self, w: npt.ArrayLike) -> tuple[float, Array]:
        """Return value and gradient at one point: what the minimizers of this package take."""
        w = _arguments.floats("w", w, shape=(2,))
        return float(self.value(w)), self.gradient(w)


def _coordinates(w: npt.ArrayLike) -> Array:
    w = _arguments.floats("w", w)
    if w.shape[:1] != (2,):
        raise ValueError(f"w: expected shape (2,) or (2, ...), got {w.shape}")
    return w


def _quadratic(
    name: str, a: float, b: float, minimum: tuple[float, float] | None, start: tuple[float, float]
) -> Surface:
    """Return the surface (a x² + b y²) / 2."""
    return Surface(
        name,
        of=lambda x, y: (a * x**2 + b * y**2) / 2,
        slopes_of=lambda x, y: (a * x, b * y),
        curvatures_of=lambda x, y: (a, 0.0, b),
        minimum=minimum,
        start=start,
        plot_range=(-2.5, 2.5, -1.5, 1.5),
    )


def valley(condition: float) -> Surface:
    """Return the valley (x² + condition y²) / 2: flat along x, steep along y.

    Parameters
    ----------
    condition
        The condition number of its Hessian, largest over smallest eigenvalue, at least 1.

    Returns
    -------
    Surface
        Its minimum is (0, 0). From its start, (condition, 1) shrunk to fit the plot, steepest
        descent with exact line searches zig-zags as slowly as it can.

    Raises
    ------
    TypeError, ValueError
        If ``condition`` is not a number of at least 1.
    """
    condition = _arguments.number("condition", condition, "[1, inf)")
    return _quadratic("valley", 1.0, condition, (0.0, 0.0), (2.0, 2.0 / condition))


def _rosenbrock() -> Surface:
    return Surface(
        "rosenbrock",
        of=lambda x, y: (1 - x) ** 2 + 100 * (y - x**2) ** 2,
        slopes_of=lambda x, y: (-2 * (1 - x) - 400 * x * (y - x**2), 200 * (y - x**2)),
        curvatures_of=lambda x, y: (2 - 400 * (y - 3 * x**2), -400 * x, 200.0),
        minimum=(1.0, 1.0),
        start=(-1.2, 1.0),
        plot_range=(-2.0, 2.0, -1.0, 3.0),
    )


def _beale() -> Surface:
    """Return the sum of (c - x + x y^k)² over k = 1, 2, 3, with c = 1.5, 2.25, 2.625."""
    terms = ((1, 1.5), (2, 2.25), (3, 2.625))

    def of(x: Array, y: Array) -> Array:
        return sum(((c - x * (1 - y**k)) ** 2 for k, c in terms), start=0 * x)

    def slopes_of(x: Array, y: Array) -> _Parts:
        dx, dy = 0 * x, 0 * x
        for k, c in terms:
            r = c - x * (1 - y**k)
            dx = dx - 2 * r * (1 - y**k)
            dy = dy + 2 * r * k * x * y ** (k - 1)
        return dx, dy

    def curvatures_of(x: Array, y: Array) -> _Parts:
        xx, xy, yy = 0 * x, 0 * x, 0 * x
        for k, c in terms:
            r = c - x * (1 - y**k)
            r_x, r_y, r_xy = y**k - 1, k * x * y ** (k - 1), k * y ** (k - 1)
            r_yy = k * (k - 1) * x * y ** max(k - 2, 0)
            xx = xx + 2 * r_x**2
            xy = xy + 2 * (r_x * r_y + r * r_xy)
            yy = yy + 2 * (r_y**2 + r * r_yy)
        return xx, xy, yy

    return Surface(
        "beale",
        of,
        slopes_of,
        curvatures_of,
        minimum=(3.0, 0.5),
        start=(1.0, 1.0),
        plot_range=(-1.0, 4.0, -1.5, 1.5),
    )


BOWL = _quadratic("bowl", 1.0, 2.0, (0.0, 0.0), (2.0, 1.0))
SADDLE = _quadratic("saddle", 1.0, -1.0, None, (2.0, 0.01))
ROSENBROCK = _rosenbrock()
BEALE = _beale()
PRODUCT = Surface(
    "xy",
    of=lambda x, y: x * y,
    slopes_of=lambda x, y: (y, x),
    curvatures_of=lambda x, y: (0.0, 1.0, 0.0),
    minimum=None,
    start=(1.0, 0.9),
    plot_range=(-2.0, 2.0, -2.0, 2.0),
)

SURFACES = {
    surface.name: surface for surface in (BOWL, valley(100), SADDLE, ROSENBROCK, BEALE, PRODUCT)
}
