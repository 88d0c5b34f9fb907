"""Layer-sequential unit-variance initialization: weights scaled to the data, layer by layer."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from labref import _arguments
from labref._arguments import Array
from labref.initializers import fans, orthogonal
from labref.layers import Layer
from labref.network import Network


def lsuv(
    network: Network,
    x: npt.ArrayLike,
    rng: np.random.Generator,
    tol: float = 0.1,
    max_iterations: int = 10,
) -> list[float]:
    """Make a network's weights orthogonal, then scale them until pre-activations have variance 1.

    Parameters
    ----------
    network
        The network. Its layers' weights are changed in place, first layer first; biases stay.
    x
        A batch of inputs, shape (N, *in_shape).
    rng
        Source of the orthogonal weights.
    tol
        A layer is left when its variance, over the batch and all units, is within ``tol`` of 1.
    max_iterations
        At most so many scalings per layer.

    Returns
    -------
    list of float
        The variance that each layer with weights ended with. Where it is not within ``tol`` of 1,
        the layer ran into ``max_iterations``. With zero biases one scaling is enough.

    Raises
    ------
    TypeError, ValueError
        If an argument does not fit, or the pre-activations of a layer do not vary over the batch.

    Notes
    -----
    Equation: eq-lsuv. Source: Mishkin and Matas (2016).
    """
    outputs = network._check_x(x)
    _arguments.generator("rng", rng)
    tol = _arguments.number("tol", tol, "(0, inf)")
    max_iterations = _arguments.count("max_iterations", max_iterations)
    variances = []
    for layer in network.layers:
        for name in layer.weight_names:
            W: Array = getattr(layer, name)
            W[...] = orthogonal(*fans(W.shape), rng, W.shape)
            variances.append(_scale(layer, W, outputs, tol, max_iterations))
        outputs = layer.forward(outputs)
    return variances


def _scale(layer: Layer, W: Array, x: Array, tol: float, max_iterations: int) -> float:
    """Scale ``W``, the layer's weights, until its variance is 1; return the variance reached."""
    variance = _variance(layer, x)
    for _ in range(max_iterations):
        if abs(variance - 1) <= tol:
            break
        W /= math.sqrt(variance)
        variance = _variance(layer, x)
    return variance


def _variance(layer: Layer, x: Array) -> float:
    y = layer.forward(x)
    a: Array = getattr(layer, "a", y)  # a layer without an activation of its own has no a
    variance = float(a.var(dtype=np.float64))
    if variance == 0:
        name = type(layer).__name__
        raise ValueError(f"x: expected a batch over which {name}'s pre-activations vary")
    return variance
