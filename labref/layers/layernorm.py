"""Layer normalization: each row by its own mean and variance, whatever the batch."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import numpy.typing as npt

from labref import _arguments
from labref._arguments import Array
from labref.layers.layer import Layer

# Of a pass: normalized rows (N, D), 1 / sqrt(var + eps) of each (N, 1), and gamma (D,).
LayerNormCache = tuple[Array, Array, Array]


def layernorm_forward(
    x: npt.ArrayLike, gamma: npt.ArrayLike, beta: npt.ArrayLike, eps: float
) -> tuple[Array, LayerNormCache]:
    """Normalize each row over its features, then scale and shift every feature.

    Parameters
    ----------
    x
        Inputs, one per row, shape (N, D).
    gamma, beta
        Scale and shift of the features, each (D,).
    eps
        Added to the variance, which is divided by D. It must not be 0 where a row is constant.

    Returns
    -------
    y, cache
        gamma x^ + beta, shape (N, D), and what ``layernorm_backward`` needs. x^ has mean 0 and
        variance 1 along each row.

    Raises
    ------
    TypeError, ValueError
        If an array is not finite real numbers of that shape, or ``eps`` is negative.

    Notes
    -----
    Equation: eq-layernorm.
    Training and inference do not differ, and a batch may hold a single row.

    Source: Ba, Kiros and Hinton (2016).
    """
    x = _arguments.floats("x", x, shape=("N", "D"))
    gamma = _arguments.floats("gamma", gamma, shape=(x.shape[1],))
    beta = _arguments.floats("beta", beta, shape=(x.shape[1],))
    return _forward(x, gamma, beta, _arguments.number("eps", eps, "[0, inf)"))


def layernorm_backward(delta: npt.ArrayLike, cache: LayerNormCache) -> tuple[Array, Array, Array]:
    """Gradients of ``layernorm_forward``.

    Parameters
    ----------
    delta
        Gradient of the loss at the output, shape (N, D).
    cache
        From the forward pass.

    Returns
    -------
    dx, dgamma, dbeta
        Gradients at the input (N, D) and at the parameters, each (D,).

    Raises
    ------
    TypeError, ValueError
        If ``delta`` is not finite real numbers of the output's shape.

    Notes
    -----
    Equation: eq-layernorm-dx.
    With dx^ = gamma delta and means along a row,
    dx = (dx^ - mean(dx^) - x^ mean(dx^ x^)) / sqrt(var + eps).
    """
    delta = _arguments.floats("delta", delta, shape=cache[0].shape)
    return _input_gradient(delta, cache), *_parameter_gradients(delta, cache)


class LayerNorm(Layer):
    """Layer normalization of rows (N, D).

    Parameters
    ----------
    n_features
        The number D of features.
    eps
        Added to the variance.
    dtype
        Of the parameters, float32 or float64.

    Attributes
    ----------
    gamma, beta
        Scale, ones at first, and shift, zeros at first; each (D,). Weight penalties spare both.
    dgamma, dbeta
        Their gradients, filled by ``backward``.

    Raises
    ------
    TypeError, ValueError
        If an argument is not a number in its range.

    Notes
    -----
    Equations: eq-layernorm, eq-layernorm-dx.
    Source: Ba, Kiros and Hinton (2016).
    """

    parameter_names: ClassVar[tuple[str, ...]] = ("gamma", "beta")

    def __init__(
        self, n_features: int, eps: float = 1e-5, dtype: npt.DTypeLike = np.float64
    ) -> None:
        self.n_features = _arguments.count("n_features", n_features)
        self.eps = _arguments.number("eps", eps, "(0, inf)")
        self.gamma, self.beta = np.ones(n_features, dtype), np.zeros(n_features, dtype)
        self.dgamma, self.dbeta = np.zeros_like(self.gamma), np.zeros_like(self.beta)

    def out_shape(self, in_shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return ``in_shape``; raise ValueError if it is not (D,)."""
        if in_shape != (self.n_features,):
            raise ValueError(f"expected inputs of shape ({self.n_features},), got {in_shape}")
        return in_shape

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return the output (N, D) for ``x`` (N, D)."""
        y, self.cache = _forward(x, self.gamma, self.beta, self.eps)
        return y

    def backward(self, grad_y: Array, need_dx: bool = True) -> Array | None:
        """Fill dgamma and dbeta; return the gradient at the input, shape (N, D)."""
        self.dgamma[:], self.dbeta[:] = _parameter_gradients(grad_y, self.cache)
        return _input_gradient(grad_y, self.cache) if need_dx else None


def _forward(x: Array, gamma: Array, beta: Array, eps: float) -> tuple[Array, LayerNormCache]:
    x_hat = x - x.mean(axis=1, keepdims=True)
    var = np.vecdot(x_hat, x_hat)[:, None] / x.shape[1]
    inv_std = 1 / np.sqrt(var + eps)
    x_hat *= inv_std
    y = x_hat * gamma
    y += beta
    return y, (x_hat, inv_std, gamma)


def _parameter_gradients(delta: Array, cache: LayerNormCache) -> tuple[Array, Array]:
    return np.einsum("nd,nd->d", delta, cache[0]), delta.sum(axis=0)


def _input_gradient(delta: Array, cache: LayerNormCache) -> Array:
    x_hat, inv_std, gamma = cache
    dx = delta * gamma
    projection = np.vecdot(dx, x_hat)[:, None] / dx.shape[1]
    dx -= dx.mean(axis=1, keepdims=True)
    dx -= x_hat * projection
    dx *= inv_std
    return dx
