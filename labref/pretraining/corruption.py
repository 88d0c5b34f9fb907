"""Corruption: what a denoising autoencoder has to undo."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from labref import _arguments
from labref._arguments import Array


def mask_corrupt(x: npt.ArrayLike, p: float, rng: np.random.Generator) -> Array:
    """Masking noise: each entry is zeroed with probability p, the others are kept as they are.

    Parameters
    ----------
    x
        Inputs, any shape.
    p
        Probability, in [0, 1].
    rng
        Chooses the entries, independently of each other.

    Returns
    -------
    Array
        Like ``x``.

    Raises
    ------
    TypeError, ValueError
        If ``x`` is not finite real numbers, ``p`` is outside [0, 1], or ``rng`` is no Generator.

    Notes
    -----
    Equation: eq-mask-corrupt.
    Unlike dropout, what is kept is not scaled up.
    Source: Vincent, Larochelle, Lajoie, Bengio and Manzagol (2010).
    """
    x = _arguments.floats("x", x)
    p = _arguments.number("p", p, "[0, 1]")
    kept = _arguments.generator("rng", rng).random(x.shape) >= p
    return np.where(kept, x, 0)


def gaussian_corrupt(x: npt.ArrayLike, sigma: float, rng: np.random.Generator) -> Array:
    """Additive noise: x plus independent draws from N(0, sigma^2).

    Parameters
    ----------
    x
        Inputs, any shape.
    sigma
        Standard deviation of the noise, at least 0.
    rng
        Source of the noise.

    Returns
    -------
    Array
        Like ``x``; not limited to the range of ``x``.

    Raises
    ------
    TypeError, ValueError
        If ``x`` is not finite real numbers, ``sigma`` is negative, or ``rng`` is no Generator.

    Notes
    -----
    Equation: eq-gaussian-corrupt.
    Source: Vincent, Larochelle, Lajoie, Bengio and Manzagol (2010).
    """
    x = _arguments.floats("x", x)
    sigma = _arguments.number("sigma", sigma, "[0, inf)")
    noise = _arguments.generator("rng", rng).standard_normal(x.shape)
    return np.asarray(x + sigma * noise, dtype=x.dtype)
