"""Checks that minimizers share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from labref import _arguments
from labref._arguments import Array


def symmetric(name: str, value: npt.ArrayLike, shape: Sequence[int | str] = ("n", "n")) -> Array:
    """Return ``value`` as a symmetric matrix, or raise an error that names the argument.

    The halves may differ by rounding: by the square root of the dtype's precision, relative to
    the largest entry.
    """
    matrix = _arguments.floats(name, value, shape)
    if matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"{name}: expected a square matrix, got shape {matrix.shape}")
    difference = float(np.abs(matrix - matrix.T).max())
    if difference > np.sqrt(np.finfo(matrix.dtype).eps) * np.abs(matrix).max():
        raise ValueError(f"{name}: expected a symmetric matrix, off by {difference:.3g}")
    return matrix
