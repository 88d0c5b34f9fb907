"""Batch normalization of rows and of images: plain functions, and a layer."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import numpy.typing as npt

from labref import _arguments
from labref._arguments import Array
from labref.layers._channels import Channels
from labref.layers._normalize import (
    BatchNormCache,
    check_several,
    input_gradient,
    normalize,
    parameter_gradients,
)
from labref.layers.layer import Layer


def batchnorm_forward(
    x: npt.ArrayLike, gamma: npt.ArrayLike, beta: npt.ArrayLike, eps: float
) -> tuple[Array, BatchNormCache]:
    """Normalize each feature over the batch, then scale and shift it.

    Parameters
    ----------
    x
        Inputs, one per row, shape (N, D).
    gamma, beta
        Scale and shift, each (D,).
    eps
        Added to the variance. It must not be 0 where a feature is constant.

    Returns
    -------
    y, cache
        gamma (x - mean) / sqrt(var + eps) + beta, shape (N, D), and what ``batchnorm_backward``
        needs. Mean and variance are those of the batch, the variance divided by N.

    Raises
    ------
    TypeError, ValueError
        If an array is not finite real numbers of that shape, or ``eps`` is negative.

    Notes
    -----
    Equations: eq-batchnorm-moments, eq-batchnorm-normalize, eq-batchnorm.
    Source: Ioffe and Szegedy (2015).
    """
    x = _arguments.floats("x", x, shape=("N", "D"))
    return normalize(x, *_check_parameters(x, gamma, beta), _check_eps(eps))


def batchnorm2d_forward(
    x: npt.ArrayLike, gamma: npt.ArrayLike, beta: npt.ArrayLike, eps: float
) -> tuple[Array, BatchNormCache]:
    """Normalize each channel over the batch and all positions, then scale and shift it.

    Parameters
    ----------
    x
        Images, shape (N, C, H, W).
    gamma, beta
        Scale and shift, each (C,).
    eps
        Added to the variance.

    Returns
    -------
    y, cache
        As of ``batchnorm_forward``, ``y`` of shape (N, C, H, W), in the memory order of ``x``.

    Raises
    ------
    TypeError, ValueError
        If an array is not finite real numbers of that shape, or ``eps`` is negative.

    Notes
    -----
    Equation: eq-batchnorm-images.
    """
    x = _arguments.floats("x", x, shape=("N", "C", "H", "W"))
    return normalize(x, *_check_parameters(x, gamma, beta), _check_eps(eps))


def batchnorm_backward(delta: npt.ArrayLike, cache: BatchNormCache) -> tuple[Array, Array, Array]:
    """Gradients of ``batchnorm_forward`` or ``batchnorm2d_forward``, in closed form.

    Parameters
    ----------
    delta
        Gradient of the loss at the output, shaped like it.
    cache
        From the forward pass.

    Returns
    -------
    dx, dgamma, dbeta
        Gradients at the input, shaped like it, and at the parameters, each (C,).

    Raises
    ------
    TypeError, ValueError
        If ``delta`` is not finite real numbers of the output's shape.

    Notes
    -----
    Equations: eq-batchnorm-parameters, eq-batchnorm-closed, eq-batchnorm-projection.
    With x^ = (x - mean) / sqrt(var + eps) and means and sums over the n values of a channel,

        dbeta = sum delta,   dgamma = sum delta x^,
        dx = gamma / sqrt(var + eps) (delta - dbeta / n - x^ dgamma / n).

    ``delta`` loses what lies along the constant and along x^: shifting or scaling the input does
    not change the output (but for eps).
    """
    delta = _arguments.floats("delta", delta, shape=cache.channels.shape)
    delta = cache.channels.blocks(delta)
    dgamma, dbeta = parameter_gradients(delta, cache)
    return input_gradient(delta, dgamma, dbeta, cache), dgamma, dbeta


def batchnorm_backward_stepwise(
    delta: npt.ArrayLike, cache: BatchNormCache
) -> tuple[Array, Array, Array]:
    """Gradients of ``batchnorm_forward``, back through its graph step by step.

    Takes, returns and raises what ``batchnorm_backward`` does, for rows (N, D) only.

    Notes
    -----
    Equations: eq-batchnorm-dxhat, eq-batchnorm-dvar, eq-batchnorm-dmean, eq-batchnorm-dx.
    Source: Ioffe and Szegedy (2015), who print these steps.
    """
    delta = _arguments.floats("delta", delta, shape=cache.channels.shape)
    _arguments.check_shape("delta", delta, ("N", "D"))
    n, inv_std = len(delta), cache.inv_std
    centred = cache.channels.batch(cache.centred)
    dx_hat = delta * cache.gamma
    dvar = (dx_hat * centred).sum(axis=0) * -(inv_std**3) / 2
    dmean = -dx_hat.sum(axis=0) * inv_std - dvar * 2 * centred.mean(axis=0)
    dx = dx_hat * inv_std + dvar * 2 * centred / n + dmean / n
    return dx, (delta * centred * inv_std).sum(axis=0), delta.sum(axis=0)


def update_running(
    mean: npt.ArrayLike, var: npt.ArrayLike, x: npt.ArrayLike, momentum: float
) -> tuple[Array, Array]:
    """Running statistics after one more batch: momentum * old + (1 - momentum) * batch.

    Parameters
    ----------
    mean, var
        Running mean and variance, each (C,); zeros and ones at first.
    x
        The batch, shape (N, C) or (N, C, H, W).
    momentum
        What remains of the old values, in [0, 1]. PyTorch's momentum is 1 minus this.

    Returns
    -------
    mean, var
        New arrays. The batch's variance goes in unbiased, divided by one less than the number of
        values, though the batch itself is normalized by the biased one.

    Raises
    ------
    TypeError, ValueError
        If an array is not finite real numbers of that shape, a feature has but a single value, or
        ``momentum`` is out of range.

    Notes
    -----
    Equation: eq-batchnorm-running.
    """
    x = _check_batch(x)
    mean, var = _check_statistics(x, mean, var)
    momentum = _arguments.number("momentum", momentum, "[0, 1]")
    channels = Channels(x)
    check_several(channels)
    blocks = channels.blocks(x)
    batch_mean = channels.sums(blocks) / channels.n
    centred = blocks - channels.spread(batch_mean)
    batch_var = channels.dots(centred, centred) / (channels.n - 1)
    return (
        momentum * mean + (1 - momentum) * batch_mean,
        momentum * var + (1 - momentum) * batch_var,
    )


def batchnorm_inference(
    x: npt.ArrayLike,
    gamma: npt.ArrayLike,
    beta: npt.ArrayLike,
    mean: npt.ArrayLike,
    var: npt.ArrayLike,
    eps: float,
) -> Array:
    """Normalize by running statistics: gamma (x - mean) / sqrt(var + eps) + beta.

    Parameters
    ----------
    x
        Inputs, shape (N, C) or (N, C, H, W). The outputs of one do not depend on the others.
    gamma, beta
        Scale and shift, each (C,).
    mean, var
        Running statistics, each (C,).
    eps
        Added to the variance.

    Returns
    -------
    Array
        Shaped like ``x``.

    Raises
    ------
    TypeError, ValueError
        If an array is not finite real numbers of that shape, or a variance or ``eps`` is negative.

    Notes
    -----
    Equation: eq-batchnorm-inference.
    """
    x = _check_batch(x)
    statistics = _check_statistics(x, mean, var)
    parameters = _check_parameters(x, gamma, beta)
    return normalize(x, *parameters, _check_eps(eps), statistics)[0]


class BatchNorm(Layer):
    """Batch normalization of rows (N, C) or of the channels of images (N, C, H, W).

    In training, a batch is normalized by its own statistics, and the running ones follow;
    otherwise by the running ones. The output of a row then no longer depends on its batch.

    Parameters
    ----------
    n_features
        The number C of features or channels.
    momentum
        What remains of the running statistics at each batch, in [0, 1).
    eps
        Added to the variance.
    dtype
        Of the parameters, float32 or float64.

    Attributes
    ----------
    gamma, beta
        Scale, ones at first, and shift, zeros at first; each (C,). Weight penalties spare both.
    dgamma, dbeta
        Their gradients, filled by ``backward``.
    running_mean, running_var
        Running statistics, each (C,), zeros and ones at first (see ``update_running``).

    Raises
    ------
    TypeError, ValueError
        If an argument is not a number in its range. ``forward`` raises ValueError in training if
        a feature has a single value in the batch, which would become ``beta`` whatever it was.

    Notes
    -----
    Equations: eq-batchnorm, eq-batchnorm-closed, eq-batchnorm-running, eq-batchnorm-inference.
    Source: Ioffe and Szegedy (2015).
    """

    parameter_names: ClassVar[tuple[str, ...]] = ("gamma", "beta")
    state_names: ClassVar[tuple[str, ...]] = ("running_mean", "running_var")

    def __init__(
        self,
        n_features: int,
        momentum: float = 0.9,
        eps: float = 1e-5,
        dtype: npt.DTypeLike = np.float64,
    ) -> None:
        self.n_features = _arguments.count("n_features", n_features)
        self.momentum = _arguments.number("momentum", momentum, "[0, 1)")
        self.eps = _arguments.number("eps", eps, "(0, inf)")
        self.gamma, self.beta = np.ones(n_features, dtype), np.zeros(n_features, dtype)
        self.dgamma, self.dbeta = np.zeros_like(self.gamma), np.zeros_like(self.beta)
        self.running_mean, self.running_var = np.zeros_like(self.beta), np.ones_like(self.gamma)

    def out_shape(self, in_shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return ``in_shape``; raise ValueError if it is neither (C,) nor (C, H, W)."""
        if len(in_shape) not in (1, 3) or in_shape[0] != self.n_features:
            c = self.n_features
            raise ValueError(f"expected inputs of shape ({c},) or ({c}, H, W), got {in_shape}")
        return in_shape

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return the output for ``x``, in its shape and memory order."""
        statistics = None if training else (self.running_mean, self.running_var)
        y, self.cache = normalize(x, self.gamma, self.beta, self.eps, statistics)
        if training:
            n = check_several(self.cache.channels)
            for running, batch in (
                (self.running_mean, self.cache.mean),
                (self.running_var, self.cache.var * (n / (n - 1))),
            ):
                running *= self.momentum
                running += (1 - self.momentum) * batch
        return y

    def backward(self, grad_y: Array, need_dx: bool = True) -> Array | None:
        """Fill dgamma and dbeta; return the gradient at the input, in its memory order."""
        grad_y = self.cache.channels.blocks(grad_y)
        self.dgamma[:], self.dbeta[:] = parameter_gradients(grad_y, self.cache)
        return input_gradient(grad_y, self.dgamma, self.dbeta, self.cache) if need_dx else None


def _check_batch(x: npt.ArrayLike) -> Array:
    x = _arguments.floats("x", x)
    _arguments.check_shape("x", x, ("N", "C") if x.ndim == 2 else ("N", "C", "H", "W"))
    return x


def _check_parameters(x: Array, gamma: npt.ArrayLike, beta: npt.ArrayLike) -> tuple[Array, Array]:
    shape = (x.shape[1],)
    return _arguments.floats("gamma", gamma, shape), _arguments.floats("beta", beta, shape)


def _check_statistics(x: Array, mean: npt.ArrayLike, var: npt.ArrayLike) -> tuple[Array, Array]:
    mean = _arguments.floats("mean", mean, shape=(x.shape[1],))
    var = _arguments.floats("var", var, shape=(x.shape[1],))
    if (var < 0).any():
        raise ValueError(f"var: expected no negative numbers, got {var.min()}")
    return mean, var


def _check_eps(eps: float) -> float:
    return _arguments.number("eps", eps, "[0, inf)")
