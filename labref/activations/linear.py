"""The identity: the activation of a linear layer."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from labref import _arguments
from labref._arguments import Array
from labref.activations.activation import Activation


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


def _identity(a: Array) -> Array:
    return a


def _identity_derivative(a: Array, y: Array) -> Array:
    return np.ones_like(a)


IDENTITY = Activation("identity", _identity, _identity_derivative)
