"""Folding a trained batch normalization into the layer before it."""

from __future__ import annotations

import copy
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from labref import _arguments
from labref._arguments import Array
from labref.activations import IDENTITY
from labref.layers.batchnorm import BatchNorm
from labref.layers.convolution import Conv2D
from labref.layers.dense import Dense

LinearLayer = TypeVar("LinearLayer", Dense, Conv2D)


def fold_batchnorm(
    W: npt.ArrayLike,
    b: npt.ArrayLike,
    gamma: npt.ArrayLike,
    beta: npt.ArrayLike,
    mean: npt.ArrayLike,
    var: npt.ArrayLike,
    eps: float,
) -> tuple[Array, Array]:
    """Weights and biases that do what the layer and the batch normalization after it do.

    Parameters
    ----------
    W
        Weights, shape (n_out, n_in), or filters (C_out, C_in, kh, kw).
    b
        Biases, shape (n_out,), or one per channel and position, (C_out, H', W').
    gamma, beta
        Scale and shift of the normalization, each (n_out,).
    mean, var
        Its running statistics, each (n_out,).
    eps
        Added to the variance.

    Returns
    -------
    W, b
        New arrays of the same shapes: with s = gamma / sqrt(var + eps), s W row by row (filter by
        filter) and s (b - mean) + beta.

    Raises
    ------
    TypeError, ValueError
        If an array is not finite real numbers of that shape, or a variance or ``eps`` is negative.

    Notes
    -----
    Equation: eq-fold-batchnorm.
    This holds for inference, where the normalization is a fixed affine function, and if there is
    no activation between the two. Source: Jacob and others (2018).
    """
    W, b = _arguments.floats("W", W), _arguments.floats("b", b)
    if W.ndim < 2:
        raise ValueError(f"W: expected shape (n_out, n_in) or filters, got {W.shape}")
    n_out = len(W)
    _arguments.check_shape("b", b, (n_out,) if b.ndim == 1 else (n_out, "H'", "W'"))
    gamma, beta, mean, var = (
        _arguments.floats(name, value, shape=(n_out,))
        for name, value in (("gamma", gamma), ("beta", beta), ("mean", mean), ("var", var))
    )
    if (var < 0).any():
        raise ValueError(f"var: expected no negative numbers, got {var.min()}")
    scale = gamma / np.sqrt(var + _arguments.number("eps", eps, "[0, inf)"))
    folded_b = (b - _along_first(mean, b)) * _along_first(scale, b) + _along_first(beta, b)
    return W * _along_first(scale, W), folded_b


def fold(layer: LinearLayer, batchnorm: BatchNorm) -> LinearLayer:
    """Return a layer that does in inference what ``layer`` and then ``batchnorm`` do.

    Parameters
    ----------
    layer
        A dense or convolution layer without activation.
    batchnorm
        The normalization that follows it.

    Returns
    -------
    Dense or Conv2D
        A new layer of the same class.

    Raises
    ------
    TypeError
        If ``layer`` is of another class.
    ValueError
        If it has an activation, or another number of outputs than ``batchnorm`` has features.
    """
    if not isinstance(layer, Dense | Conv2D):
        raise TypeError(f"layer: expected Dense or Conv2D, got {type(layer).__name__}")
    if layer.activation is not IDENTITY:
        name = layer.activation.name
        raise ValueError(f"layer: expected no activation before the normalization, got {name}")
    folded = copy.copy(layer)
    folded.W, folded.b = fold_batchnorm(
        layer.W,
        layer.b,
        batchnorm.gamma,
        batchnorm.beta,
        batchnorm.running_mean,
        batchnorm.running_var,
        batchnorm.eps,
    )
    folded.dW, folded.db = np.zeros_like(folded.W), np.zeros_like(folded.b)
    return folded


def _along_first(values: Array, like: Array) -> Array:
    """Return ``values`` (n,) in a shape that broadcasts along the first axis of ``like``."""
    return values.reshape(-1, *[1] * (like.ndim - 1))
