"""The arithmetic of batch normalization, which its functions and its layer share."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from labref._arguments import Array
from labref.layers._channels import Channels


class BatchNormCache(NamedTuple):
    """What the backward pass needs of the forward pass; C is the number of features or channels.

    Attributes
    ----------
    channels
        How the batch lies in memory.
    centred
        The batch minus the mean, as blocks (see ``Channels``).
    mean, var
        What it was normalized by, each (C,); ``var`` is the mean squared deviation (biased).
    inv_std
        1 / sqrt(var + eps), shape (C,).
    gamma
        The scale, shape (C,).
    own
        Whether mean and variance are the batch's own and so depend on every value of it.
    """

    channels: Channels
    centred: Array
    mean: Array
    var: Array
    inv_std: Array
    gamma: Array
    own: bool


def normalize(
    x: Array,
    gamma: Array,
    beta: Array,
    eps: float,
    statistics: tuple[Array, Array] | None = None,
) -> tuple[Array, BatchNormCache]:
    """Normalize by the given mean and variance, or by the batch's own."""
    channels = Channels(x)
    blocks = channels.blocks(x)
    mean = channels.sums(blocks) / channels.n if statistics is None else statistics[0]
    centred = blocks - channels.spread(mean)
    var = channels.dots(centred, centred) / channels.n if statistics is None else statistics[1]
    inv_std = 1 / np.sqrt(var + eps)
    y = centred * channels.spread(gamma * inv_std)
    y += channels.spread(beta)
    cache = BatchNormCache(channels, centred, mean, var, inv_std, gamma, statistics is None)
    return channels.batch(y), cache


def parameter_gradients(delta: Array, cache: BatchNormCache) -> tuple[Array, Array]:
    """Return dgamma and dbeta, given the gradient at the output as blocks."""
    dgamma = cache.channels.dots(delta, cache.centred) * cache.inv_std
    return dgamma, cache.channels.sums(delta)


def input_gradient(delta: Array, dgamma: Array, dbeta: Array, cache: BatchNormCache) -> Array:
    """Return dx, given the gradient at the output as blocks."""
    channels, n = cache.channels, cache.channels.n
    scale = channels.spread(cache.gamma * cache.inv_std)
    if not cache.own:
        return channels.batch(delta * scale)
    dx = cache.centred * channels.spread(cache.inv_std * dgamma / -n)
    dx += delta
    dx -= channels.spread(dbeta / n)
    dx *= scale
    return channels.batch(dx)


def check_several(channels: Channels) -> int:
    """Return the number of values per channel; raise ValueError if it is one."""
    if channels.n < 2:
        raise ValueError(
            f"x: expected several values per feature to take statistics of, got a batch of shape "
            f"{channels.shape}"
        )
    return channels.n
