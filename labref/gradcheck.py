"""Checking gradients against central differences."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from labref import _arguments
from labref._arguments import Array


def numerical_gradient(
    f: Callable[[Array], float], x: npt.ArrayLike, h: float = 1e-5
) -> npt.NDArray[np.float64]:
    """Central-difference gradient of a scalar function.

    Parameters
    ----------
    f
        Maps an array like ``x`` to a number. It is called twice per entry of ``x``, each time
        with a fresh float64 copy.
    x
        Where to differentiate, any shape.
    h
        The step. Truncation costs about h**2, rounding about 1e-16 / h; 1e-5 balances the two.

    Returns
    -------
    Array
        Like ``x``, float64: (f(x + h e) - f(x - h e)) / 2h for each unit vector e.

    Raises
    ------
    TypeError, ValueError
        If ``x`` is not made of finite real numbers, ``h`` is not positive, or ``f`` does not
        return a single number.

    Notes
    -----
    Equation: eq-central-difference.
    """
    x = _arguments.floats("x", x).astype(np.float64)
    h = _arguments.number("h", h, "(0, inf)")

    def value(index: tuple[int, ...], step: float) -> float:
        moved = x.copy()
        moved[index] += step
        result = np.asarray(f(moved))
        if result.size != 1:
            raise ValueError(f"f: expected a single number, got shape {result.shape}")
        return float(result.reshape(()))

    gradient = np.empty_like(x)
    for index in np.ndindex(x.shape):
        gradient[index] = (value(index, h) - value(index, -h)) / (2 * h)
    return gradient


def relative_error(a: npt.ArrayLike, b: npt.ArrayLike) -> float:
    """Distance of two gradients relative to their size: |a - b| / (|a| + |b|), Euclidean norms.

    Parameters
    ----------
    a, b
        Arrays of one shape.

    Returns
    -------
    float
        Between 0 (equal) and 1 (opposite, or one of them is zero). 0 if both are zero.

    Raises
    ------
    TypeError, ValueError
        If they are not finite real numbers of one shape.

    Notes
    -----
    Equation: eq-relative-error.
    """
    a = _arguments.floats("a", a)
    b = _arguments.floats("b", b, shape=a.shape)
    size = float(np.linalg.norm(a.ravel()) + np.linalg.norm(b.ravel()))
    return float(np.linalg.norm((a - b).ravel())) / size if size else 0.0
