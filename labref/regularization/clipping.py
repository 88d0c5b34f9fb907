"""Gradient clipping: a ceiling for gradients.

To clip while training: ``train(..., clip=lambda g: clip_by_global_norm([g], 1.0)[0])``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from labref import _arguments
from labref._arguments import Array


def clip_by_value(grads: Sequence[npt.ArrayLike], c: float) -> list[Array]:
    """Bring every entry of the gradients into -c .. c.

    Parameters
    ----------
    grads
        Gradients, arrays of any shape.
    c
        The ceiling, positive.

    Returns
    -------
    list of Array
        New arrays. Clipping entry by entry turns the gradient's direction.

    Raises
    ------
    TypeError, ValueError
        If the gradients are not finite real numbers or ``c`` is not positive.

    Notes
    -----
    Equation: eq-clip-value.
    """
    c = _arguments.number("c", c, "(0, inf)")
    return [_arguments.floats(f"grads[{i}]", g).clip(-c, c) for i, g in enumerate(grads)]


def clip_by_global_norm(grads: Sequence[npt.ArrayLike], c: float) -> list[Array]:
    """Scale the gradients down together if the norm of all their entries exceeds c.

    Parameters
    ----------
    grads
        Gradients, arrays of any shape.
    c
        The largest norm to let through, positive.

    Returns
    -------
    list of Array
        New arrays: the gradients times min(1, c / norm). Their direction is kept.

    Raises
    ------
    TypeError, ValueError
        If the gradients are not finite real numbers or ``c`` is not positive.

    Notes
    -----
    Equation: eq-clip-norm.
    PyTorch divides by norm + 1e-6 instead. That is not needed: gradients of norm 0 are not scaled.
    Source: Pascanu, Mikolov and Bengio (2013).
    """
    c = _arguments.number("c", c, "(0, inf)")
    arrays = [_arguments.floats(f"grads[{i}]", g) for i, g in enumerate(grads)]
    largest = max((float(abs(g).max(initial=0)) for g in arrays), default=0.0)
    if largest == 0:
        return [g.copy() for g in arrays]
    # In units of the largest entry, so that no square overflows.
    relative = [np.divide(g, largest, dtype=np.float64) for g in arrays]
    norm = math.sqrt(sum(float(np.vdot(r, r)) for r in relative))
    if norm * largest <= c:
        return [g.copy() for g in arrays]
    return [(r * (c / norm)).astype(g.dtype) for r, g in zip(relative, arrays, strict=True)]
