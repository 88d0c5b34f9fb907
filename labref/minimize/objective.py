"""What is minimised: a function from parameters to value and gradient."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from labref._arguments import Array, check_shape

Objective = Callable[[Array], tuple[float, Array]]


def evaluate(objective: Objective, w: Array) -> tuple[float, Array]:
    """Return value and gradient at ``w`` in float64, so that searches need no special cases.

    Where the objective cannot be used the value is infinite: where ``w``, the value or the
    gradient is not finite. A value of minus infinity is kept.

    Raises
    ------
    TypeError, ValueError
        If ``objective`` does not return a number and a gradient shaped like ``w``.
    """
    if not np.isfinite(w).all():
        return np.inf, np.full_like(w, np.nan)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        result = objective(w)
    if not isinstance(result, tuple) or len(result) != 2:
        raise TypeError(f"objective: expected a value and a gradient, got {type(result).__name__}")
    gradient = np.array(result[1], dtype=np.float64)  # a copy: the objective may use its own again
    check_shape("objective: gradient", gradient, w.shape)
    value = np.asarray(result[0], dtype=np.float64)
    if value.size != 1:
        raise ValueError(f"objective: expected a single number, got shape {value.shape}")
    if value == -np.inf or (np.isfinite(value) and np.isfinite(gradient).all()):
        return float(value.reshape(())), gradient
    return np.inf, np.full_like(w, np.nan)
