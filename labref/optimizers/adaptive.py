"""A step size per parameter from past squared gradients: AdaGrad and RMSProp."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import numpy.typing as npt

from labref import _arguments
from labref._arguments import Array
from labref.optimizers._state import average_of_squares, flush_subnormals, like
from labref.optimizers.optimizer import Optimizer
from labref.schedules import Schedule, as_schedule


def adagrad_step(
    w: npt.ArrayLike, r: npt.ArrayLike, grad: npt.ArrayLike, lr: float, eps: float
) -> tuple[Array, Array]:
    """One step of AdaGrad: r' = r + grad^2, w' = w - lr grad / (eps + sqrt(r')).

    Parameters
    ----------
    w
        Parameters, any shape.
    r
        Sum of squared gradients, shaped like ``w``; zeros at first.
    grad
        Gradient of the cost at ``w``.
    lr
        Step size.
    eps
        Added outside the root. It must not be 0 where a gradient has been 0 so far.

    Returns
    -------
    w, r
        New arrays.

    Raises
    ------
    TypeError, ValueError
        If arrays differ in shape or are not finite real numbers, ``r`` has a negative one, or a
        number is out of range.

    Notes
    -----
    Equation: eq-adagrad.
    Deck D says that weights with small gradients get larger rates. No rate, lr / (eps + sqrt(r)),
    ever grows; theirs shrink less.

    Source: Duchi, Hazan and Singer (2011).
    """
    w = _arguments.floats("w", w)
    grad = _arguments.floats("grad", grad, shape=w.shape)
    r = average_of_squares("r", r, w.shape)
    lr, eps = _arguments.number("lr", lr, "(0, inf)"), _arguments.number("eps", eps, "[0, inf)")
    r = r + grad**2
    return w - lr * grad / (eps + np.sqrt(r)), r


def rmsprop_step(
    w: npt.ArrayLike, r: npt.ArrayLike, grad: npt.ArrayLike, lr: float, rho: float, eps: float
) -> tuple[Array, Array]:
    """One step of RMSProp: r' = rho r + (1 - rho) grad^2, w' = w - lr grad / sqrt(eps + r').

    Parameters
    ----------
    w
        Parameters, any shape.
    r
        Decaying average of squared gradients, shaped like ``w``; zeros at first.
    grad
        Gradient of the cost at ``w``.
    lr
        Step size.
    rho
        Decay of the average per step, in [0, 1).
    eps
        Added inside the root, where it counts as its square root would outside: 1e-8 matters to
        gradients below 1e-4. PyTorch adds outside.

    Returns
    -------
    w, r
        New arrays.

    Raises
    ------
    TypeError, ValueError
        If arrays differ in shape or are not finite real numbers, ``r`` has a negative one, or a
        number is out of range.

    Notes
    -----
    Equation: eq-rmsprop.
    The average starts at zero and is not corrected for it: the first step is of size
    lr / sqrt(1 - rho). Source: Tieleman and Hinton (2012).
    """
    w = _arguments.floats("w", w)
    grad = _arguments.floats("grad", grad, shape=w.shape)
    r = average_of_squares("r", r, w.shape)
    lr, eps = _arguments.number("lr", lr, "(0, inf)"), _arguments.number("eps", eps, "[0, inf)")
    rho = _arguments.number("rho", rho, "[0, 1)")
    r = rho * r + (1 - rho) * grad**2
    return w - lr * grad / np.sqrt(eps + r), r


class AdaGrad(Optimizer):
    """AdaGrad, the steps of ``adagrad_step``.

    Parameters
    ----------
    lr
        The step size, or a schedule of it.
    eps
        Added outside the root.

    Attributes
    ----------
    t
        Steps taken so far.
    r
        The sum of squared gradients, a vector like the parameters.

    Raises
    ------
    TypeError, ValueError
        If an argument is not a number in its range. ``step`` raises ValueError for parameters of
        another shape or dtype than at the first step.

    Notes
    -----
    Equation: eq-adagrad.
    Source: Duchi, Hazan and Singer (2011).
    """

    state_names: ClassVar[tuple[str, ...]] = ("t", "r")

    def __init__(self, lr: float | Schedule, eps: float = 1e-8) -> None:
        self.lr = as_schedule("lr", lr)
        self.eps = _arguments.number("eps", eps, "(0, inf)")
        self.t = 0
        self.r: Array | None = None
        self._scratch: Array | None = None

    def step(self, parameters: Array, gradient: Array, overwrite_gradient: bool = False) -> None:
        """Add to the squared gradients, then change ``parameters``, in place."""
        self.r = r = like(parameters, self.r)
        self._scratch = change = like(parameters, self._scratch)
        r += np.square(gradient, out=change)
        np.sqrt(r, out=change)
        change += self.eps
        np.divide(gradient, change, out=change)
        change *= self.lr(self.t)
        parameters -= change
        self.t += 1


class RMSProp(Optimizer):
    """RMSProp, the steps of ``rmsprop_step``.

    Parameters
    ----------
    lr
        The step size, or a schedule of it.
    rho
        Decay of the average per step, in [0, 1).
    eps
        Added inside the root.

    Attributes
    ----------
    t
        Steps taken so far.
    r
        The decaying average of squared gradients, a vector like the parameters. Every 100 steps,
        entries that have decayed below the smallest normal number become zero.

    Raises
    ------
    TypeError, ValueError
        If an argument is not a number in its range. ``step`` raises ValueError for parameters of
        another shape or dtype than at the first step.

    Notes
    -----
    Equation: eq-rmsprop.
    Source: Tieleman and Hinton (2012).
    """

    state_names: ClassVar[tuple[str, ...]] = ("t", "r")

    def __init__(self, lr: float | Schedule = 0.001, rho: float = 0.9, eps: float = 1e-8) -> None:
        self.lr = as_schedule("lr", lr)
        self.rho = _arguments.number("rho", rho, "[0, 1)")
        self.eps = _arguments.number("eps", eps, "(0, inf)")
        self.t = 0
        self.r: Array | None = None
        self._scratch: Array | None = None

    def step(self, parameters: Array, gradient: Array, overwrite_gradient: bool = False) -> None:
        """Update the average of squared gradients, then change ``parameters``, in place."""
        self.r = r = like(parameters, self.r)
        self._scratch = change = like(parameters, self._scratch)
        np.square(gradient, out=change)
        change *= 1 - self.rho
        r *= self.rho
        r += change
        np.add(r, self.eps, out=change)
        np.sqrt(change, out=change)
        np.divide(gradient, change, out=change)
        change *= self.lr(self.t)
        parameters -= change
        self.t += 1
        flush_subnormals(self.t, r)
