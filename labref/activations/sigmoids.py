"""S-shaped activations: sigmoid and tanh."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from labref import _arguments
from labref._arguments import Array
from labref.activations.activation import Activation

# 1, and about the highest a at which exp(a) is finite. NumPy takes arrays faster than numbers.
_ONE_AND_HIGHEST: dict[np.dtype[Any], tuple[Array, Array]] = {
    np.dtype(dtype): (np.array(1, dtype), np.array(highest, dtype))
    for dtype, highest in ((np.float32, 88), (np.float64, 709))
}


def _sigmoid(a: Array) -> Array:
    one, highest = _ONE_AND_HIGHEST[a.dtype]
    e = np.exp(np.minimum(a, highest))
    return e / (one + e)


def _sigmoid_derivative(a: Array, y: Array) -> Array:
    one, _ = _ONE_AND_HIGHEST[y.dtype]
    return y * (one - y)


def sigmoid(a: npt.ArrayLike) -> Array:
    """Logistic sigmoid, 1 / (1 + exp(-a)), without overflow at any finite ``a``.

    Parameters
    ----------
    a
        Pre-activations, any shape.

    Returns
    -------
    Array
        Like ``a``, between 0 and 1.

    Raises
    ------
    TypeError, ValueError
        If ``a`` is not made of finite real numbers.

    Notes
    -----
    Equation: eq-sigmoid.
    """
    return np.asarray(_sigmoid(_arguments.floats("a", a)))


def sigmoid_grad(a: npt.ArrayLike) -> Array:
    """Derivative of the sigmoid at the pre-activation ``a``: y (1 - y) with y = sigmoid(a).

    Takes and raises what ``sigmoid`` does; at most 1/4, reached at 0.

    Notes
    -----
    Equation: eq-sigmoid-grad.
    """
    y = sigmoid(a)
    return np.asarray(y * (1 - y))


SIGMOID = Activation("sigmoid", _sigmoid, _sigmoid_derivative)


def tanh(a: npt.ArrayLike) -> Array:
    """Hyperbolic tangent, elementwise; takes and raises what ``sigmoid`` does.

    Notes
    -----
    Equation: eq-tanh. tanh(a) = 2 sigmoid(2a) - 1, so its slope at 0 is 1, four times sigmoid's.
    """
    return np.asarray(np.tanh(_arguments.floats("a", a)))


def tanh_grad(a: npt.ArrayLike) -> Array:
    """Derivative of tanh at the pre-activation ``a``: 1 - tanh(a)**2.

    Notes
    -----
    Equation: eq-tanh.
    """
    return np.asarray(1 - tanh(a) ** 2)


def _tanh_derivative(a: Array, y: Array) -> Array:
    return 1 - y * y


TANH = Activation("tanh", np.tanh, _tanh_derivative)
