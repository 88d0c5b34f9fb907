"""Checks of arguments, made once at the border of the package.

Each check returns its argument as an array or raises an error that names the argument, what was
expected and what came.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.floating[Any]]


def floats(name: str, value: npt.ArrayLike, shape: Sequence[int | str] | None = None) -> Array:
    """Return ``value`` as a finite floating-point array.

    Parameters
    ----------
    name
        The argument's name, for the error message.
    value
        What came. float32 and float64 keep their type, other numbers become float64.
    shape
        What each axis must be: a number, or a name (such as ``"N"``) for any size of at least one.

    Raises
    ------
    TypeError
        If ``value`` is not made of real numbers.
    ValueError
        If the shape differs or a value is NaN or infinite.
    """
    array = _rectangular(name, value)
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{name}: expected real numbers, got dtype {array.dtype}")
    if array.dtype not in (np.float32, np.float64):
        array = array.astype(np.float64)
    if shape is not None:
        check_shape(name, array, shape)
    with np.errstate(over="ignore", invalid="ignore"):
        total = np.vdot(array, array)  # a finite sum has finite terms, and is quicker than a mask
    if not np.isfinite(total) and not np.isfinite(array).all():
        bad = np.argwhere(~np.isfinite(array))
        where = f" at index {tuple(map(int, bad[0]))}" if array.ndim else ""
        raise ValueError(f"{name}: expected finite numbers, got {array[tuple(bad[0])]}{where}")
    return array


def _rectangular(name: str, value: npt.ArrayLike) -> Array:
    try:
        return np.asarray(value)
    except ValueError:
        raise ValueError(f"{name}: expected a rectangular array, got rows that differ") from None


def check_shape(name: str, array: Array, shape: Sequence[int | str]) -> None:
    """Raise ValueError unless each axis of ``array`` is as ``shape`` says (see ``floats``)."""
    fits = array.ndim == len(shape) and all(
        found >= 1 if isinstance(wanted, str) else found == wanted
        for found, wanted in zip(array.shape, shape, strict=True)
    )
    if not fits:
        expected = ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "")
        empty = " (empty)" if 0 in array.shape else ""
        raise ValueError(f"{name}: expected shape ({expected}), got {array.shape}{empty}")


def symmetric(name: str, value: npt.ArrayLike, shape: Sequence[int | str] = ("n", "n")) -> Array:
    """Return ``value`` as a symmetric matrix, or raise an error that names the argument.

    The halves may differ by rounding: by the square root of the dtype's precision, relative to
    the largest entry.
    """
    matrix = floats(name, value, shape)
    if matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"{name}: expected a square matrix, got shape {matrix.shape}")
    difference = float(np.abs(matrix - matrix.T).max())
    if difference > np.sqrt(np.finfo(matrix.dtype).eps) * np.abs(matrix).max():
        raise ValueError(f"{name}: expected a symmetric matrix, off by {difference:.3g}")
    return matrix


def labels(name: str, value: npt.ArrayLike, n: int, n_classes: int) -> npt.NDArray[np.intp]:
    """Return ``value`` as ``n`` class labels in 0 .. ``n_classes`` - 1.

    Raises
    ------
    TypeError
        If ``value`` is not made of integers.
    ValueError
        If there are not ``n`` of them or one is out of range.
    """
    array = _rectangular(name, value)
    if array.dtype.kind not in "iu":
        raise TypeError(f"{name}: expected integer labels, got dtype {array.dtype}")
    check_shape(name, array, (n,))
    if array.min() < 0 or array.max() >= n_classes:
        wrong = int(np.argmax((array < 0) | (array >= n_classes)))
        raise ValueError(
            f"{name}: expected labels in 0..{n_classes - 1}, got {array[wrong]} at index {wrong}"
        )
    return array.astype(np.intp)


def number(name: str, value: float, interval: str = "(-inf, inf)") -> float:
    """Return ``value`` if it is a finite number in ``interval``, such as ``"(0, 1]"``.

    Raises
    ------
    TypeError
        If it is not a number.
    ValueError
        If it is NaN, infinite or outside.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        raise TypeError(f"{name}: expected a number, got {type(value).__name__}")
    low, high = map(float, interval[1:-1].split(","))
    above = value > low if interval[0] == "(" else value >= low
    below = value < high if interval[-1] == ")" else value <= high
    if not (np.isfinite(value) and above and below):
        raise ValueError(f"{name}: expected a number in {interval}, got {value}")
    return float(value)


def count(name: str, value: int) -> int:
    """Return ``value`` if it is an integer of at least one, else raise ValueError or TypeError."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError(f"{name}: expected an integer, got {type(value).__name__}")
    if value < 1:
        raise ValueError(f"{name}: expected at least 1, got {value}")
    return int(value)


def generator(name: str, value: np.random.Generator) -> np.random.Generator:
    """Return ``value`` if it is a numpy Generator, else raise TypeError saying how to make one."""
    if not isinstance(value, np.random.Generator):
        raise TypeError(
            f"{name}: expected a numpy.random.Generator such as numpy.random.default_rng(0), "
            f"got {type(value).__name__}"
        )
    return value
