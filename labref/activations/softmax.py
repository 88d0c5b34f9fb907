"""Softmax: rows of logits become probabilities; and its gradient."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from labref import _arguments
from labref._arguments import Array


def softmax(a: npt.ArrayLike) -> Array:
    """Turn each row of logits into a probability distribution.

    Parameters
    ----------
    a
        Logits, shape (N, K).

    Returns
    -------
    Array
        Shape (N, K), rows positive and adding to 1. The largest logit of a row is subtracted
        first: that changes nothing but keeps exp from overflowing.

    Raises
    ------
    TypeError, ValueError
        If ``a`` is not a matrix of finite real numbers with at least one row and column.

    Notes
    -----
    Equation: eq-softmax.
    """
    a = _arguments.floats("a", a, shape=("N", "K"))
    e: Array = np.exp(a - a.max(axis=1, keepdims=True))
    e /= e.sum(axis=1, keepdims=True)
    return e


def softmax_backward(grad_y: npt.ArrayLike, y: npt.ArrayLike) -> Array:
    """Gradient at the logits, given the gradient at the softmax's output.

    Parameters
    ----------
    grad_y
        Gradient of the loss with respect to ``y``, shape (N, K).
    y
        The softmax's output, shape (N, K).

    Returns
    -------
    Array
        Shape (N, K): y * (grad_y - sum of grad_y * y over the row). Softmax mixes the logits of
        a row, so its derivative is a matrix per row and not an elementwise factor.

    Raises
    ------
    TypeError, ValueError
        If the two are not finite matrices of one shape.

    Notes
    -----
    Equation: eq-softmax-jacobian.
    """
    y = _arguments.floats("y", y, shape=("N", "K"))
    grad_y = _arguments.floats("grad_y", grad_y, shape=y.shape)
    mean: Array = (grad_y * y).sum(axis=1, keepdims=True)
    return y * (grad_y - mean)
