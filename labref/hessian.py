"""Hessians by differences of gradients, and what their eigenvalues say."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from labref import _arguments
from labref._arguments import Array
from labref.network import Network

_ENTRIES_AT_A_TIME = 1_000_000


def hessian_vector_product(
    gradient: Callable[[Array], Array], w: npt.ArrayLike, v: npt.ArrayLike, h: float = 1e-5
) -> npt.NDArray[np.float64]:
    """Product of the Hessian with a vector, from two gradients and without the Hessian.

    Parameters
    ----------
    gradient
        Maps a vector like ``w`` to the gradient there. It is given fresh float64 copies.
    w
        Where to differentiate, shape (n,).
    v
        What to multiply by, shape (n,).
    h
        How far to move from ``w`` to either side, along ``v`` made a unit vector.

    Returns
    -------
    Array
        Shape (n,), float64: |v| (g(w + h u) - g(w - h u)) / 2h, with u = v / |v|.

    Raises
    ------
    TypeError, ValueError
        If an argument is not finite real numbers of that shape, ``h`` is not positive, or
        ``gradient`` returns anything but finite numbers shaped like ``w``.

    Notes
    -----
    Equation: eq-hessian-vector.
    Source: Pearlmutter (1994), who also gives the exact product at the same cost.
    """
    w = _arguments.floats("w", w, shape=("n",)).astype(np.float64)
    v = _arguments.floats("v", v, shape=w.shape).astype(np.float64)
    h = _arguments.number("h", h, "(0, inf)")
    length = np.linalg.norm(v)
    if length == 0:
        return np.zeros_like(v)
    step = h * (v / length)
    ahead = _arguments.floats("gradient", gradient(w + step), shape=w.shape).astype(np.float64)
    behind = _arguments.floats("gradient", gradient(w - step), shape=w.shape)
    return (ahead - behind) * (length / (2 * h))


def numerical_hessian(
    gradient: Callable[[Array], Array], w: npt.ArrayLike, h: float = 1e-5
) -> npt.NDArray[np.float64]:
    """Hessian by central differences of the gradient, made symmetric.

    Parameters
    ----------
    gradient
        Maps a vector like ``w`` to the gradient there. It is called 2 n times.
    w
        Where to differentiate, shape (n,).
    h
        The step. Truncation costs about h², rounding about 1e-16 / h; 1e-5 balances the two.

    Returns
    -------
    Array
        Shape (n, n), float64, exactly symmetric: the mean of the matrix of differences and its
        transpose. Time and memory grow as n²: twice the weights, four times the Hessian.

    Raises
    ------
    TypeError, ValueError
        As ``hessian_vector_product`` does.

    Notes
    -----
    Equation: eq-hessian-vector.
    """
    w = _arguments.floats("w", w, shape=("n",)).astype(np.float64)
    H: Array = np.array([hessian_vector_product(gradient, w, unit, h) for unit in np.eye(len(w))])
    return (H + H.T) / 2


def network_hessian(
    network: Network, x: npt.ArrayLike, targets: npt.ArrayLike
) -> npt.NDArray[np.float64]:
    """Hessian of a network's cost on a batch at all its parameters.

    Parameters
    ----------
    network
        The network. Its parameters are as before afterwards. Its layers must be deterministic.
    x
        Inputs, shape (N, *in_shape).
    targets
        Labels (N,) or values (N, n_out), as the network's loss wants them.

    Returns
    -------
    Array
        Shape (n_parameters, n_parameters), float64, symmetric. It is right to about 9 digits for
        a network in float64 and to 3 or 4 for one in float32.

    Raises
    ------
    TypeError, ValueError
        If ``x`` or ``targets`` do not fit the network, or its gradient is not finite.
    """
    cost = network.objective(x, targets)
    start = network.parameters.copy()
    h = float(np.cbrt(np.finfo(start.dtype).eps))
    try:
        return numerical_hessian(lambda w: cost(w)[1], start, h)
    finally:
        network.parameters[...] = start


def hessian_eigenvalues(hessian: npt.ArrayLike) -> Array:
    """Curvatures along the principal directions: the eigenvalues, smallest first.

    Parameters
    ----------
    hessian
        A symmetric matrix, shape (n, n).

    Returns
    -------
    Array
        Shape (n,). Where the gradient is zero, all positive means a minimum, all negative a
        maximum, both signs a saddle.

    Raises
    ------
    TypeError, ValueError
        If ``hessian`` is not a symmetric matrix of finite real numbers.
    """
    return np.linalg.eigvalsh(_arguments.symmetric("hessian", hessian))


def random_hessians(n: int, count: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Symmetric matrices with Gaussian entries, as many as ``count``.

    Parameters
    ----------
    n
        Rows and columns of each.
    count
        How many.
    rng
        Source of the entries.

    Returns
    -------
    Array
        Shape (count, n, n): (A + A^T) / sqrt(2) of matrices A of standard normal numbers. Entries
        have variance 1, those on the diagonal 2 (the Gaussian orthogonal ensemble).

    Raises
    ------
    TypeError, ValueError
        If a size is not a positive integer, or ``rng`` not a Generator.

    Notes
    -----
    Equation: eq-gaussian-hessian.
    """
    n, count = _arguments.count("n", n), _arguments.count("count", count)
    A = _arguments.generator("rng", rng).standard_normal((count, n, n))
    hessians: npt.NDArray[np.float64] = (A + A.swapaxes(1, 2)) / np.sqrt(2)
    return hessians


def stationary_point_fractions(
    n: int, trials: int, rng: np.random.Generator
) -> tuple[float, float, float]:
    """How often a random Hessian is that of a minimum, of a saddle, of a maximum.

    Parameters
    ----------
    n
        The number of weights.
    trials
        How many Gaussian Hessians to draw.
    rng
        Source of the Hessians.

    Returns
    -------
    minima, saddles, maxima
        Fractions that add to 1.

    Raises
    ------
    TypeError, ValueError
        If a size is not a positive integer, or ``rng`` not a Generator.

    Notes
    -----
    Equation: eq-minima-fraction.
    The fraction of minima is 1/2, 0.146 and 0.025 for n = 1, 2, 3, and falls as exp(-0.275 n²).
    A network's Hessian is not Gaussian, and at a low cost its saddles have few downward
    directions. Deck D has gradient descent "stuck" in them: it is slowed down, but from almost
    every start leaves again.
    Source: Dean and Majumdar (2006); Dauphin et al. (2014); Lee et al. (2016).
    """
    n, trials = _arguments.count("n", n), _arguments.count("trials", trials)
    at_a_time = max(1, _ENTRIES_AT_A_TIME // n**2)
    minima = maxima = 0
    for start in range(0, trials, at_a_time):
        hessians = random_hessians(n, min(at_a_time, trials - start), rng)
        curvatures = np.linalg.eigvalsh(hessians)
        minima += int((curvatures[:, 0] > 0).sum())
        maxima += int((curvatures[:, -1] < 0).sum())
    return minima / trials, (trials - minima - maxima) / trials, maxima / trials
