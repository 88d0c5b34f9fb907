"""Contrastive divergence: the gradients that train a restricted Boltzmann machine."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from labref import _arguments
from labref._arguments import Array
from labref.activations.sigmoids import _sigmoid


def cd1_gradients(
    v0: npt.ArrayLike,
    W: npt.ArrayLike,
    b: npt.ArrayLike,
    c: npt.ArrayLike,
    rng: np.random.Generator,
) -> tuple[Array, Array, Array]:
    """Gradients by one step of contrastive divergence, CD-1.

    Parameters
    ----------
    v0
        Data, binary or probabilities, shape (N, n_visible).
    W
        Weights, shape (n_hidden, n_visible).
    b, c
        Biases of the visible (n_visible,) and of the hidden units (n_hidden,).
    rng
        Samples the hidden units, once.

    Returns
    -------
    dW, db, dc
        Means over the rows, to be subtracted times a step size.

    Raises
    ------
    TypeError, ValueError
        If an array is not finite real numbers of that shape, or ``rng`` is no Generator.

    Notes
    -----
    Equation: eq-cd, with k = 1.
    With p0 = P(h=1 | v0), a sample h0 of it, the reconstruction v1 = P(v=1 | h0) and
    p1 = P(h=1 | v1): dW = mean of p1 v1^T - p0 v0^T, db = mean of v1 - v0, dc = mean of p1 - p0.
    Only h0 is sampled; the reconstruction and the last hidden units are probabilities.
    Source: Hinton (2002, 2010).
    """
    return cd_gradients(v0, W, b, c, 1, rng)


def cd_gradients(
    v0: npt.ArrayLike,
    W: npt.ArrayLike,
    b: npt.ArrayLike,
    c: npt.ArrayLike,
    k: int,
    rng: np.random.Generator,
    sample_last: bool = False,
) -> tuple[Array, Array, Array]:
    """Gradients by k steps of contrastive divergence, CD-k; takes and returns what CD-1 does.

    Parameters
    ----------
    v0, W, b, c, rng
        As in ``cd1_gradients``.
    k
        Steps of the Gibbs chain that starts at the data.
    sample_last
        Whether the last reconstruction is sampled too, in place of its probabilities. The gradient
        is noisier then, but its mean tends to that of the negative log-likelihood as k grows.

    Raises
    ------
    TypeError, ValueError
        As ``cd1_gradients``, or if ``k`` is not a positive integer.

    Notes
    -----
    Equation: eq-cd.
    Visible units before the last reconstruction, and all hidden units before the last, are
    sampled. The last hidden units are probabilities. Source: Hinton (2002, 2010).
    """
    v0, W, b, c = _check("v0", v0, W, b, c)
    k = _arguments.count("k", k)
    _arguments.generator("rng", rng)
    p0 = _hidden(v0, W, c)
    h = _sample(p0, rng)
    for _ in range(k - 1):
        h = _sample(_hidden(_sample(_visible(h, W, b), rng), W, c), rng)
    v = _visible(h, W, b)
    if sample_last:
        v = _sample(v, rng)
    return _difference(v0, p0, v, _hidden(v, W, c))


def pcd_gradients(
    v0: npt.ArrayLike,
    chains: npt.ArrayLike,
    W: npt.ArrayLike,
    b: npt.ArrayLike,
    c: npt.ArrayLike,
    rng: np.random.Generator,
    k: int = 1,
) -> tuple[Array, Array, Array, Array]:
    """Gradients by persistent contrastive divergence: chains go on where they stopped last time.

    Parameters
    ----------
    v0, W, b, c, rng
        As in ``cd1_gradients``.
    chains
        Hidden states of the chains, zeros and ones, shape (M, n_hidden).
    k
        Gibbs steps of each chain.

    Returns
    -------
    dW, db, dc
        As in ``cd1_gradients``; the model's part is the mean over the M chains.
    chains
        Their new states, for the next call.

    Raises
    ------
    TypeError, ValueError
        As ``cd1_gradients``, or if ``chains`` or ``k`` do not fit.

    Notes
    -----
    Equation: eq-pcd.
    Visible units are sampled, always; the last hidden units are probabilities in the gradient and
    sampled for the next call. Source: Tieleman (2008), Younes (1989).
    """
    v0, W, b, c = _check("v0", v0, W, b, c)
    h = _arguments.floats("chains", chains, shape=("M", len(W))).astype(W.dtype, copy=False)
    _arguments.generator("rng", rng)
    for _ in range(_arguments.count("k", k)):
        v = _sample(_visible(h, W, b), rng)
        p = _hidden(v, W, c)
        h = _sample(p, rng)
    return *_difference(v0, _hidden(v0, W, c), v, p), h


def _check(
    name: str, v: npt.ArrayLike, W: npt.ArrayLike, b: npt.ArrayLike, c: npt.ArrayLike
) -> tuple[Array, Array, Array, Array]:
    W = _arguments.floats("W", W, shape=("n_hidden", "n_visible"))
    v = _arguments.floats(name, v, shape=("N", W.shape[1]))
    b = _arguments.floats("b", b, shape=(W.shape[1],))
    c = _arguments.floats("c", c, shape=(W.shape[0],))
    return v, W, b, c


def _hidden(v: Array, W: Array, c: Array) -> Array:
    """Return P(h=1 | v), shape (N, n_hidden)."""
    return _sigmoid(v @ W.T + c)


def _visible(h: Array, W: Array, b: Array) -> Array:
    """Return P(v=1 | h), shape (N, n_visible)."""
    return _sigmoid(h @ W + b)


def _sample(p: Array, rng: np.random.Generator) -> Array:
    """Return zeros, and ones with the probabilities p."""
    return (rng.random(p.shape) < p).astype(p.dtype)


def _difference(v0: Array, p0: Array, v: Array, p: Array) -> tuple[Array, Array, Array]:
    """Return the model's statistics minus the data's: means over the rows of each."""
    return (
        p.T @ v / len(v) - p0.T @ v0 / len(v0),
        v.mean(axis=0) - v0.mean(axis=0),
        p.mean(axis=0) - p0.mean(axis=0),
    )
