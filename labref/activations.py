"""Activation functions and their derivatives.

Every function works elementwise on an array of any shape, but for ``softmax``, which works on
rows. An ``Activation`` pairs a function with its derivative, so that a layer can use either.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from labref import _arguments
from labref._arguments import Array

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


def relu(a: npt.ArrayLike) -> Array:
    """Rectified linear unit, max(0, a), elementwise; takes and raises what ``sigmoid`` does.

    Notes
    -----
    Equation: eq-relu. Source: Glorot, Bordes and Bengio (2011).
    """
    return np.asarray(np.maximum(_arguments.floats("a", a), 0))


def relu_grad(a: npt.ArrayLike) -> Array:
    """Derivative of ReLU at the pre-activation ``a``: 1 where a > 0, else 0 (at 0 too).

    Notes
    -----
    Equation: eq-relu.
    """
    a = _arguments.floats("a", a)
    return np.asarray(a > 0).astype(a.dtype)


def identity(a: npt.ArrayLike) -> Array:
    """Return ``a`` itself: the activation of a linear layer.

    Notes
    -----
    Equation: eq-identity.
    """
    return _arguments.floats("a", a)


def identity_grad(a: npt.ArrayLike) -> Array:
    """Derivative of the identity: ones like ``a``.

    Notes
    -----
    Equation: eq-identity.
    """
    return np.ones_like(_arguments.floats("a", a))


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


@dataclass(frozen=True)
class Activation:
    """An elementwise function and its derivative, as a layer uses them.

    Attributes
    ----------
    name
        The function's name.
    function
        Maps the pre-activation ``a`` to the output ``y``, same shape.
    derivative
        Maps ``(a, y)`` to dy/da, same shape; whichever of the two makes it cheap is used.
    """

    name: str
    function: Callable[[Array], Array]
    derivative: Callable[[Array, Array], Array]


def _identity(a: Array) -> Array:
    return a


def _identity_derivative(a: Array, y: Array) -> Array:
    return np.ones_like(a)


def _tanh_derivative(a: Array, y: Array) -> Array:
    return 1 - y * y


def _relu(a: Array) -> Array:
    return np.asarray(np.maximum(a, 0))


def _relu_derivative(a: Array, y: Array) -> Array:
    return (a > 0).astype(a.dtype)


IDENTITY = Activation("identity", _identity, _identity_derivative)
ACTIVATIONS = {
    activation.name: activation
    for activation in (
        IDENTITY,
        Activation("sigmoid", _sigmoid, _sigmoid_derivative),
        Activation("tanh", np.tanh, _tanh_derivative),
        Activation("relu", _relu, _relu_derivative),
    )
}


def get_activation(activation: str | Activation) -> Activation:
    """Return the activation of that name (or the one given).

    Raises
    ------
    ValueError
        If no activation has that name.
    """
    if isinstance(activation, Activation):
        return activation
    if activation not in ACTIVATIONS:
        raise ValueError(
            f"activation: expected one of {', '.join(ACTIVATIONS)}, got {activation!r}"
        )
    return ACTIVATIONS[activation]
