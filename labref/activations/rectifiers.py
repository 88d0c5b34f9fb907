"""Activations that let positive values pass: ReLU."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from labref import _arguments
from labref._arguments import Array
from labref.activations.activation import Activation


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


def _relu(a: Array) -> Array:
    return np.asarray(np.maximum(a, 0))


def _relu_derivative(a: Array, y: Array) -> Array:
    return (a > 0).astype(a.dtype)


RELU = Activation("relu", _relu, _relu_derivative)
