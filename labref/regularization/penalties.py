"""Weight penalties: what large weights cost, and the step that makes them smaller."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from labref import _arguments
from labref._arguments import Array


def l2_penalty(Ws: Sequence[npt.ArrayLike], lam: float, m: int) -> float:
    """L2 penalty of weights: lam / 2m times the sum of their squares.

    Parameters
    ----------
    Ws
        The layers' weights, arrays of any shape. Leave out the biases.
    lam
        Strength lambda of the penalty, at least 0.
    m
        Number of training examples. The cost to which the penalty belongs is a mean over them.

    Returns
    -------
    float
        The penalty; 0 if there are no weights.

    Raises
    ------
    TypeError, ValueError
        If the weights are not finite real numbers, ``lam`` is negative or ``m`` below 1.

    Notes
    -----
    Equations: eq-l2-cost, eq-l2-prior.
    Minimising the sum of losses and lam / 2 times the sum of squares is to find the likeliest
    weights under the prior N(0, 1/lam), where 1/lam is the variance: the sum is m times the mean.
    Decks C and D add the penalty to a sum of losses. Deck D's lam / 2m belongs to the mean.
    """
    lam, m = _arguments.number("lam", lam, "[0, inf)"), _arguments.count("m", m)
    arrays = [_arguments.floats(f"Ws[{i}]", W) for i, W in enumerate(Ws)]
    return lam / (2 * m) * sum(float(np.vdot(W, W)) for W in arrays)


def l1_penalty(Ws: Sequence[npt.ArrayLike], lam: float, m: int) -> float:
    """L1 penalty of weights: lam / m times the sum of their absolute values.

    Parameters, returns and errors are those of ``l2_penalty``.

    Notes
    -----
    Equation: eq-l1-cost.
    """
    lam, m = _arguments.number("lam", lam, "[0, inf)"), _arguments.count("m", m)
    arrays = [_arguments.floats(f"Ws[{i}]", W) for i, W in enumerate(Ws)]
    return lam / m * sum(float(np.abs(W).sum()) for W in arrays)


def l2_step(w: npt.ArrayLike, grad: npt.ArrayLike, lr: float, lam: float, m: int) -> Array:
    """Gradient step on a cost with L2 penalty: (1 - lr lam / m) w - lr grad.

    Parameters
    ----------
    w
        Weights, any shape.
    grad
        Gradient of the cost without its penalty, a mean over examples, shaped like ``w``.
    lr
        Step size, positive.
    lam, m
        Strength of the penalty and number of training examples, as in ``l2_penalty``.

    Returns
    -------
    Array
        The new weights, like ``w``. Where the gradient is 0, they have shrunk towards 0 in
        proportion to their size: weight decay.

    Raises
    ------
    TypeError, ValueError
        If ``w`` and ``grad`` are not finite real numbers of one shape, ``lr`` is not positive,
        ``lam`` is negative or ``m`` below 1.

    Notes
    -----
    Equation: eq-l2-step.
    Deck C prints 1 + lr lam, which makes the weights grow. Deck D says that L2 "reduces weights
    towards 1", and divides the gradient by m in one form of the step but not in the other.
    """
    w, grad, lr, decay = _check_step(w, grad, lr, lam, m)
    return (1 - lr * decay) * w - lr * grad


def l1_step(w: npt.ArrayLike, grad: npt.ArrayLike, lr: float, lam: float, m: int) -> Array:
    """Gradient step on a cost with L1 penalty: w - lr grad - lr lam / m sign(w).

    Parameters and errors are those of ``l2_step``.

    Returns
    -------
    Array
        The new weights, like ``w``. Where the gradient is 0, they have moved towards 0 by the
        same distance whatever their size (and past it, if they were nearer than that).

    Notes
    -----
    Equation: eq-l1-step.
    The penalty has no derivative at 0; sign(0) = 0 is the subgradient taken. Deck D prints a plus
    before the last term.
    """
    w, grad, lr, decay = _check_step(w, grad, lr, lam, m)
    return w - lr * grad - lr * decay * np.sign(w)


def soft_threshold(w: npt.ArrayLike, threshold: float) -> Array:
    """Move each number towards 0 by ``threshold``, but not past 0.

    Parameters
    ----------
    w
        Weights, any shape.
    threshold
        The distance, at least 0.

    Returns
    -------
    Array
        Like ``w``; exactly 0 where ``w`` was no further than ``threshold`` from it.

    Raises
    ------
    TypeError, ValueError
        If ``w`` is not finite real numbers or ``threshold`` is negative.

    Notes
    -----
    Equation: eq-soft-threshold.
    With threshold lam / mu, it leads from the minimum of a cost with curvature mu to that with an
    L1 penalty. ``soft_threshold(w - lr * grad, lr * lam / m)`` is a descent step whose weights stop
    at 0, where ``l1_step`` hops about it. Source: Tibshirani (1996).
    """
    w = _arguments.floats("w", w)
    threshold = _arguments.number("threshold", threshold, "[0, inf)")
    return w - np.clip(w, -threshold, threshold)


def _check_step(
    w: npt.ArrayLike, grad: npt.ArrayLike, lr: float, lam: float, m: int
) -> tuple[Array, Array, float, float]:
    """Return ``w``, ``grad``, ``lr`` and lam / m."""
    w = _arguments.floats("w", w)
    grad = _arguments.floats("grad", grad, shape=w.shape)
    lr = _arguments.number("lr", lr, "(0, inf)")
    lam, m = _arguments.number("lam", lam, "[0, inf)"), _arguments.count("m", m)
    return w, grad, lr, lam / m


def l2_shrinkage(hessian: npt.ArrayLike, lam: float) -> tuple[Array, Array]:
    """How an L2 penalty moves the minimum of a quadratic cost, by direction.

    Parameters
    ----------
    hessian
        Second derivatives of the cost, symmetric and positive semidefinite, shape (n, n).
    lam
        Strength of the penalty lam / 2 times the sum of squares, positive.

    Returns
    -------
    factors, eigenvectors
        Shapes (n,) and (n, n). Along eigenvector ``eigenvectors[:, i]`` the penalised minimum is
        ``factors[i]`` = h / (h + lam) times the minimum without penalty, h being the eigenvalue:
        flat directions are given up, steep ones kept. Factors ascend.

    Raises
    ------
    TypeError, ValueError
        If the Hessian is not finite, square, symmetric and positive semidefinite, or ``lam`` is
        not positive.

    Notes
    -----
    Equation: eq-l2-shrinkage.
    Source: Goodfellow, Bengio and Courville (2016), section 7.1.1.
    """
    H = _arguments.floats("hessian", hessian, shape=("n", "n"))
    lam = _arguments.number("lam", lam, "(0, inf)")
    if H.shape[0] != H.shape[1] or not np.allclose(H, H.T):
        raise ValueError(f"hessian: expected a symmetric matrix, got one of shape {H.shape}")
    eigenvalues, eigenvectors = np.linalg.eigh(H)
    rounding = np.finfo(H.dtype).eps * len(H) * abs(eigenvalues).max()
    if eigenvalues.min() < -rounding:
        raise ValueError(f"hessian: expected eigenvalues of at least 0, got {eigenvalues.min()}")
    eigenvalues = eigenvalues.clip(min=0)
    return eigenvalues / (eigenvalues + lam), eigenvectors


class Penalty(ABC):
    """A cost of an array of weights, added to the loss."""

    @abstractmethod
    def value(self, W: Array) -> float:
        """Return the penalty of these weights."""

    @abstractmethod
    def grad(self, W: Array) -> Array:
        """Return its gradient, like ``W``."""


class L2(Penalty):
    """lam / 2 times the sum of squared weights, added to a mean loss.

    Parameters
    ----------
    lam
        Strength lambda of the penalty, at least 0: ``lam / m`` of ``l2_penalty``. It means the
        same whatever the size of a batch.

    Raises
    ------
    TypeError, ValueError
        If ``lam`` is not a number of at least 0.

    Notes
    -----
    Equations: eq-l2-cost, eq-l2-grad.
    """

    def __init__(self, lam: float) -> None:
        self.lam = _arguments.number("lam", lam, "[0, inf)")

    def value(self, W: Array) -> float:
        """Return lam / 2 times the sum of squares."""
        return self.lam / 2 * float(np.vdot(W, W))

    def grad(self, W: Array) -> Array:
        """Return lam W."""
        return self.lam * W


class L1(Penalty):
    """lam times the sum of absolute weights, added to a mean loss.

    Parameters
    ----------
    lam
        Strength lambda of the penalty, at least 0: ``lam / m`` of ``l1_penalty``. It means the
        same whatever the size of a batch.

    Raises
    ------
    TypeError, ValueError
        If ``lam`` is not a number of at least 0.

    Notes
    -----
    Equations: eq-l1-cost, eq-l1-grad.
    """

    def __init__(self, lam: float) -> None:
        self.lam = _arguments.number("lam", lam, "[0, inf)")

    def value(self, W: Array) -> float:
        """Return lam times the sum of absolute values."""
        return self.lam * float(np.abs(W).sum())

    def grad(self, W: Array) -> Array:
        """Return lam sign(W), a subgradient: 0 where a weight is 0."""
        return self.lam * np.sign(W)
