"""Delta-bar-delta: a step size per parameter that grows while gradients keep their sign."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import numpy.typing as npt

from labref import _arguments
from labref._arguments import Array
from labref.optimizers._state import flush_subnormals, like
from labref.optimizers.optimizer import Optimizer


def delta_bar_delta_step(
    w: npt.ArrayLike,
    lr: npt.ArrayLike,
    bar: npt.ArrayLike,
    grad: npt.ArrayLike,
    kappa: float,
    phi: float,
    theta: float,
) -> tuple[Array, Array, Array]:
    """One step of delta-bar-delta.

    Parameters
    ----------
    w
        Parameters, any shape.
    lr
        Step sizes, shaped like ``w``, or one number for all.
    bar
        Decaying average of past gradients, shaped like ``w``; zeros at first.
    grad
        Gradient of the cost at ``w``.
    kappa
        Added to a step size where ``grad`` has the sign of ``bar``.
    phi
        Fraction in [0, 1) by which a step size shrinks where the signs differ.
    theta
        Decay of ``bar`` per step, in [0, 1).

    Returns
    -------
    w, lr, bar
        New arrays, all shaped like ``w``.

    Raises
    ------
    TypeError, ValueError
        If arrays differ in shape or are not finite real numbers, a step size is not positive, or a
        number is out of range.

    Notes
    -----
    Equations: eq-delta-bar-delta-rates, eq-delta-bar-delta.
    In this order: the gradient is compared with the average of those *before* it, the step is
    taken with the new step sizes, then the average takes the gradient in. Where either is 0, the
    step size stays. Step sizes grow by addition, without bound, and shrink in proportion, so that
    they stay positive.

    Source: Jacobs (1988).
    """
    w = _arguments.floats("w", w)
    lr = _arguments.floats("lr", lr)
    lr = np.full_like(w, lr) if lr.ndim == 0 else _arguments.floats("lr", lr, shape=w.shape)
    if (lr <= 0).any():
        raise ValueError(f"lr: expected positive numbers, got {lr.min()}")
    bar = _arguments.floats("bar", bar, shape=w.shape)
    grad = _arguments.floats("grad", grad, shape=w.shape)
    kappa, phi, theta = _check(kappa, phi, theta)
    agreement = np.sign(bar) * np.sign(grad)  # the product of the gradients could underflow
    lr = np.where(agreement > 0, lr + kappa, np.where(agreement < 0, (1 - phi) * lr, lr))
    return w - lr * grad, lr, (1 - theta) * grad + theta * bar


def _check(kappa: float, phi: float, theta: float) -> tuple[float, float, float]:
    return (
        _arguments.number("kappa", kappa, "[0, inf)"),
        _arguments.number("phi", phi, "[0, 1)"),
        _arguments.number("theta", theta, "[0, 1)"),
    )


class DeltaBarDelta(Optimizer):
    """Delta-bar-delta, the steps of ``delta_bar_delta_step``.

    Made for the gradient of the whole training set: the noise of mini-batches flips signs, and
    step sizes shrink.

    Parameters
    ----------
    lr
        The step size of every parameter at the start.
    kappa
        Added to a step size while its gradient keeps its sign.
    phi
        Fraction in [0, 1) by which it shrinks when the sign changes.
    theta
        Decay of the average gradient per step, in [0, 1).

    Attributes
    ----------
    t
        Steps taken so far.
    lrs
        The step sizes, a vector like the parameters.
    bar
        The decaying average of gradients, a vector like the parameters. Every 100 steps, entries
        that have decayed below the smallest normal number become zero.

    Raises
    ------
    TypeError, ValueError
        If an argument is not a number in its range. ``step`` raises ValueError for parameters of
        another shape or dtype than at the first step.

    Notes
    -----
    Equations: eq-delta-bar-delta-rates, eq-delta-bar-delta.
    Source: Jacobs (1988).
    """

    state_names: ClassVar[tuple[str, ...]] = ("t", "lrs", "bar")

    def __init__(self, lr: float, kappa: float, phi: float = 0.1, theta: float = 0.7) -> None:
        self.lr = _arguments.number("lr", lr, "(0, inf)")
        self.kappa, self.phi, self.theta = _check(kappa, phi, theta)
        self.t = 0
        self.lrs: Array | None = None
        self.bar: Array | None = None

    def step(self, parameters: Array, gradient: Array, overwrite_gradient: bool = False) -> None:
        """Adapt the step sizes, then change ``parameters`` in place and update the average."""
        if self.lrs is None:
            self.lrs = np.full_like(parameters, self.lr)
        self.lrs, self.bar = lrs, bar = like(parameters, self.lrs), like(parameters, self.bar)
        agreement = np.sign(bar)
        agreement *= np.sign(gradient)
        lrs[agreement > 0] += self.kappa
        lrs[agreement < 0] *= 1 - self.phi
        parameters -= lrs * gradient
        bar *= self.theta
        bar += (1 - self.theta) * gradient
        self.t += 1
        flush_subnormals(self.t, bar)
