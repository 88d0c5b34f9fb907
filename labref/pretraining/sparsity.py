"""Sparsity: what it costs that hidden units are on more often, or less often, than wanted."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from labref import _arguments
from labref._arguments import Array


def kl_sparsity(H: npt.ArrayLike, alpha: float) -> float:
    """Kullback-Leibler divergence of the units' mean activations from the wanted one.

    Parameters
    ----------
    H
        Activations of the hidden units, between 0 and 1, shape (N, n_hidden).
    alpha
        The mean activation wanted of every unit, in (0, 1).

    Returns
    -------
    float
        Sum over units of KL(alpha || m), where m is the unit's mean over the rows, in nats: 0 if
        all means are alpha, else positive.

    Raises
    ------
    TypeError, ValueError
        If ``H`` is not a matrix of numbers in [0, 1], or ``alpha`` is outside (0, 1).

    Notes
    -----
    Equations: eq-mean-activation, eq-kl-sparsity.
    KL(alpha || m) = alpha log(alpha / m) + (1 - alpha) log((1 - alpha) / (1 - m)).
    It is infinite at m = 0 and m = 1. A mean closer than the rounding unit to either (the dtype's
    ``eps``) counts as that far away, here and in the gradient, so that both stay finite.
    Deck A prints the negative of this (-0.0915 at alpha = 0.2, m = 0.4) and yet 0.092 for it.
    Source: Lee, Ekanadham and Ng (2008); the KL form is Ng's (2011).
    """
    return _value(_check_activations(H), _arguments.number("alpha", alpha, "(0, 1)"))


def kl_sparsity_grad(H: npt.ArrayLike, alpha: float) -> Array:
    """Gradient of ``kl_sparsity`` at the activations.

    Takes and raises what ``kl_sparsity`` does.

    Returns
    -------
    Array
        Like ``H``: ((1 - alpha) / (1 - m) - alpha / m) / N, the same in every row.

    Notes
    -----
    Equation: eq-kl-sparsity-grad.
    """
    H = _check_activations(H)
    alpha = _arguments.number("alpha", alpha, "(0, 1)")
    return np.tile(_row_gradient(H, alpha), (len(H), 1))


def _check_activations(H: npt.ArrayLike) -> Array:
    H = _arguments.floats("H", H, shape=("N", "n_hidden"))
    if H.min() < 0 or H.max() > 1:
        raise ValueError(f"H: expected numbers in [0, 1], got {H.min():.3g}..{H.max():.3g}")
    return H


def _means(H: Array) -> Array:
    eps = np.finfo(H.dtype).eps
    return np.asarray(np.clip(H.mean(axis=0), eps, 1 - eps))


def _value(H: Array, alpha: float) -> float:
    m = _means(H)
    kl = alpha * np.log(alpha / m) + (1 - alpha) * np.log((1 - alpha) / (1 - m))
    return float(kl.sum())


def _row_gradient(H: Array, alpha: float) -> Array:
    """Return a row of the gradient, shape (n_hidden,)."""
    m = _means(H)
    return np.asarray(((1 - alpha) / (1 - m) - alpha / m) / len(H))
