"""Activations that let positive values pass: ReLU and its variants."""

from __future__ import annotations

from functools import partial

import numpy as np
import numpy.typing as npt

from labref import _arguments
from labref._arguments import Array
from labref.activations.activation import Activation
from labref.activations.sigmoids import _sigmoid


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
    return np.maximum(a, np.zeros_like(a))  # NumPy takes an array faster than a number


def _relu_derivative(a: Array, y: Array) -> Array:
    return (a > 0).astype(a.dtype)


RELU = Activation("relu", _relu, _relu_derivative)


def softplus(z: npt.ArrayLike) -> Array:
    """Softplus, log(1 + exp(z)), exact at any finite ``z``; takes and raises what ``sigmoid`` does.

    Notes
    -----
    Equation: eq-softplus.
    Computed as max(0, z) + log(1 + exp(-|z|)): exp cannot overflow, and log1p keeps the digits of
    exp(z) where 1 + exp(z) rounds to 1.
    Source: Dugas, Bengio, Bélisle, Nadeau and Garcia (2001).
    """
    return np.asarray(_softplus(_arguments.floats("z", z)))


def softplus_grad(z: npt.ArrayLike) -> Array:
    """Derivative of softplus at the pre-activation ``z``: sigmoid(z).

    Notes
    -----
    Equation: eq-softplus.
    """
    return np.asarray(_sigmoid(_arguments.floats("z", z)))


def _softplus(a: Array) -> Array:
    return np.asarray(np.maximum(a, 0) + np.log1p(np.exp(-np.abs(a))))


def _softplus_derivative(a: Array, y: Array) -> Array:
    return _sigmoid(a)


SOFTPLUS = Activation("softplus", _softplus, _softplus_derivative)


def leaky_relu(z: npt.ArrayLike, beta: float = 0.01) -> Array:
    """Leaky ReLU, elementwise: z where z > 0, else beta z.

    Parameters
    ----------
    z
        Pre-activations, any shape.
    beta
        The slope below 0, in [0, 1].

    Returns
    -------
    Array
        Like ``z``.

    Raises
    ------
    TypeError, ValueError
        If ``z`` is not made of finite real numbers or ``beta`` is out of range.

    Notes
    -----
    Equation: eq-leaky-relu. Source: Maas, Hannun and Ng (2013).
    """
    z, beta = _arguments.floats("z", z), _arguments.number("beta", beta, "[0, 1]")
    return np.asarray(_leaky_relu(z, beta))


def leaky_relu_grad(z: npt.ArrayLike, beta: float = 0.01) -> Array:
    """Derivative of leaky ReLU at ``z``: 1 where z > 0, else beta (at 0 too).

    Takes and raises what ``leaky_relu`` does.

    Notes
    -----
    Equation: eq-leaky-relu.
    """
    z, beta = _arguments.floats("z", z), _arguments.number("beta", beta, "[0, 1]")
    return np.asarray(_leaky_relu_derivative(z, z, beta))


def _leaky_relu(a: Array, beta: float) -> Array:
    return np.asarray(np.maximum(a, beta * a))  # beta <= 1, so the larger is the right branch


def _leaky_relu_derivative(a: Array, y: Array, beta: float) -> Array:
    return np.asarray(np.maximum(a > 0, a.dtype.type(beta)))


def leaky_relu_activation(beta: float = 0.01) -> Activation:
    """Return leaky ReLU with that slope below 0, for a layer; raises what ``leaky_relu`` does."""
    beta = _arguments.number("beta", beta, "[0, 1]")
    return Activation(
        "leaky_relu", partial(_leaky_relu, beta=beta), partial(_leaky_relu_derivative, beta=beta)
    )


LEAKY_RELU = leaky_relu_activation()


def elu(z: npt.ArrayLike, beta: float = 1.0) -> Array:
    """Exponential linear unit, elementwise: z where z > 0, else beta (exp(z) - 1).

    Parameters
    ----------
    z
        Pre-activations, any shape.
    beta
        The limit for very negative ``z`` is -beta; at least 0.

    Returns
    -------
    Array
        Like ``z``.

    Raises
    ------
    TypeError, ValueError
        If ``z`` is not made of finite real numbers or ``beta`` is negative.

    Notes
    -----
    Equation: eq-elu. Its slope has no jump at 0 if beta is 1.
    Source: Clevert, Unterthiner and Hochreiter (2016).
    """
    z, beta = _arguments.floats("z", z), _arguments.number("beta", beta, "[0, inf)")
    return np.asarray(_elu(z, beta))


def elu_grad(z: npt.ArrayLike, beta: float = 1.0) -> Array:
    """Derivative of ELU at ``z``: 1 where z > 0, else beta exp(z) (beta at 0).

    Takes and raises what ``elu`` does.

    Notes
    -----
    Equation: eq-elu.
    """
    z, beta = _arguments.floats("z", z), _arguments.number("beta", beta, "[0, inf)")
    return np.asarray(np.where(z > 0, 1, beta * np.exp(np.minimum(z, 0))))


def _elu(a: Array, beta: float) -> Array:
    return np.asarray(np.maximum(a, 0) + beta * np.expm1(np.minimum(a, 0)))


def _elu_derivative(a: Array, y: Array, beta: float) -> Array:
    return np.where(a > 0, 1, y + beta)


def elu_activation(beta: float = 1.0) -> Activation:
    """Return ELU with that beta, for a layer; raises what ``elu`` does."""
    beta = _arguments.number("beta", beta, "[0, inf)")
    return Activation("elu", partial(_elu, beta=beta), partial(_elu_derivative, beta=beta))


ELU = elu_activation()


def noisy_relu(z: npt.ArrayLike, rng: np.random.Generator) -> Array:
    """Noisy ReLU, elementwise: max(0, z + noise), the noise normal with variance sigmoid(z).

    Parameters
    ----------
    z
        Pre-activations, any shape.
    rng
        Source of the noise.

    Returns
    -------
    Array
        Like ``z``.

    Raises
    ------
    TypeError, ValueError
        If ``z`` is not made of finite real numbers or ``rng`` is not a Generator.

    Notes
    -----
    Equation: eq-noisy-relu.
    Deck D prints N(0, sigma(z)) without saying which of the two sigma(z) is; in the paper it is the
    sigmoid of z, and the variance. On the deck's other slides the second argument of N is a
    standard deviation.
    Source: Nair and Hinton (2010).
    """
    z = _arguments.floats("z", z)
    return np.asarray(_noisy_relu(z, _arguments.generator("rng", rng)))


def noisy_relu_grad(z: npt.ArrayLike, y: npt.ArrayLike) -> Array:
    """Derivative of noisy ReLU at ``z``, the draw being held, given the output ``y``.

    Parameters
    ----------
    z
        Pre-activations, any shape.
    y
        What ``noisy_relu`` returned for them.

    Returns
    -------
    Array
        Like ``z``: 0 where y = 0, else 1 + (y - z) (1 - sigmoid(z)) / 2.

    Raises
    ------
    TypeError, ValueError
        If the two are not finite real numbers of one shape.

    Notes
    -----
    Equation: eq-noisy-relu.
    Where it is not cut off, y is z + sqrt(sigmoid(z)) times a standard normal draw. The second
    term of the derivative is due to the noise growing with z; its mean over the uncut draws is 0.
    """
    z = _arguments.floats("z", z)
    y = _arguments.floats("y", y, shape=z.shape).astype(z.dtype)
    return np.asarray(_noisy_relu_derivative(z, y))


def _noisy_relu(a: Array, rng: np.random.Generator) -> Array:
    draw = np.asarray(rng.standard_normal(a.shape)).astype(a.dtype)
    return np.asarray(np.maximum(a + np.sqrt(_sigmoid(a)) * draw, 0))


def _noisy_relu_derivative(a: Array, y: Array) -> Array:
    return np.asarray((y > 0) * (1 + 0.5 * (y - a) * _sigmoid(-a)))
