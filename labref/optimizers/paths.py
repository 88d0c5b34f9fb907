"""Following an optimizer on a function, for instance on a test surface."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from labref import _arguments
from labref._arguments import Array
from labref.optimizers.optimizer import Optimizer


def trajectory(
    gradient: Callable[[Array], Array], w0: npt.ArrayLike, optimizer: Optimizer, steps: int
) -> Array:
    """Return the points that an optimizer visits.

    Parameters
    ----------
    gradient
        Maps a point, shape (n,), to the gradient there; for noisy descent it may draw at random.
    w0
        Where to start, shape (n,).
    optimizer
        Takes the steps.
    steps
        How many at most.

    Returns
    -------
    Array
        The points, shape (steps + 1, n), the start included. There are fewer if a step leads to
        numbers that are not finite: the path ends at the last point that is.

    Raises
    ------
    TypeError, ValueError
        If ``w0`` is not a vector of finite numbers, ``steps`` not a positive integer, or
        ``gradient`` returns another shape.
    """
    w = _arguments.floats("w0", w0, shape=("n",)).copy()
    path = [w.copy()]
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(_arguments.count("steps", steps)):
            g = np.asarray(gradient(w.copy()), dtype=w.dtype)
            _arguments.check_shape("gradient(w)", g, w.shape)
            optimizer.step(w, g)
            if not np.isfinite(w).all():
                break
            path.append(w.copy())
    return np.array(path)
