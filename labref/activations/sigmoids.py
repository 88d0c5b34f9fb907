"""S-shaped activations: sigmoid, tanh, and LeCun's tanh."""

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
    Equation: eq-tanh. tanh(a) = 2 sigmoid(2a) - 1, so its slope at 0 is 1, four times sigmoid's
    (deck D says twice).
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


_LECUN_SCALE, _LECUN_SLOPE = 1.7159, 2 / 3


def lecun_tanh(z: npt.ArrayLike) -> Array:
    """LeCun's scaled tanh, 1.7159 tanh(2z/3), elementwise; takes and raises what ``sigmoid`` does.

    Notes
    -----
    Equation: eq-lecun-tanh.
    The two constants put f(1) at 1 and f(-1) at -1 (to 3e-6), about where the second derivative is
    largest in size: targets of -1 and 1 lie where f bends most, and not at its asymptotes.
    Source: LeCun, Bottou, Orr and Müller (2012).
    """
    return np.asarray(_lecun_tanh(_arguments.floats("z", z)))


def lecun_tanh_grad(z: npt.ArrayLike) -> Array:
    """Derivative of LeCun's tanh at the pre-activation ``z``: 1.7159 * 2/3 * (1 - tanh(2z/3)**2).

    Takes and raises what ``sigmoid`` does; at most 1.144, reached at 0.

    Notes
    -----
    Equation: eq-lecun-tanh.
    """
    z = _arguments.floats("z", z)
    return np.asarray(_lecun_tanh_derivative(z, _lecun_tanh(z)))


def _lecun_tanh(a: Array) -> Array:
    return np.asarray(_LECUN_SCALE * np.tanh(_LECUN_SLOPE * a))


def _lecun_tanh_derivative(a: Array, y: Array) -> Array:
    return _LECUN_SLOPE * (_LECUN_SCALE - y * y / _LECUN_SCALE)


LECUN_TANH = Activation("lecun_tanh", _lecun_tanh, _lecun_tanh_derivative)
