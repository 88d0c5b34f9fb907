"""Momentum: the heavy ball and Nesterov's look-ahead, as functions and as optimizers."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from labref import _arguments
from labref._arguments import Array
from labref.optimizers._state import flush_subnormals, like
from labref.optimizers.optimizer import Optimizer
from labref.schedules import Schedule, as_schedule


def momentum_step(
    w: npt.ArrayLike, v: npt.ArrayLike, grad: npt.ArrayLike, lr: float, beta: float
) -> tuple[Array, Array]:
    """One step of the heavy ball: v' = beta v - lr grad, w' = w + v'.

    Parameters
    ----------
    w
        Parameters, any shape.
    v
        Velocity, shaped like ``w``; zeros at first.
    grad
        Gradient of the cost at ``w``.
    lr
        Step size.
    beta
        Momentum coefficient in [0, 1]: 0 is gradient descent, 1 has no friction.

    Returns
    -------
    w, v
        New arrays.

    Raises
    ------
    TypeError, ValueError
        If arrays differ in shape or are not finite real numbers, or a number is out of range.

    Notes
    -----
    Equations: eq-momentum, eq-velocity, eq-terminal-velocity.
    The velocity is a decaying sum of gradients, v = -lr sum_k beta^k grad_{t-k} (deck E says this
    of the weights), and lr / (1 - beta) the effective step size under a steady gradient. PyTorch
    keeps u = beta u + grad and subtracts lr u: the same as long as lr is constant (v = -lr u).
    When lr drops, PyTorch's velocity drops at once, this one within some 1 / (1 - beta) steps.

    Source: Polyak (1964); Rumelhart, Hinton and Williams (1986).
    """
    w, lr, beta = _check(w, lr, beta)
    v = beta * _arguments.floats("v", v, shape=w.shape)
    v = v - lr * _arguments.floats("grad", grad, shape=w.shape)
    return w + v, v


def nesterov_step(
    w: npt.ArrayLike,
    v: npt.ArrayLike,
    grad_fn: Callable[[Array], npt.ArrayLike],
    lr: float,
    beta: float,
) -> tuple[Array, Array]:
    """One step with Nesterov momentum: v' = beta v - lr grad_fn(w + beta v), w' = w + v'.

    Parameters
    ----------
    w
        Parameters, any shape.
    v
        Velocity, shaped like ``w``; zeros at first.
    grad_fn
        Maps parameters to the gradient of the cost there. It is called once, where the velocity
        alone would carry ``w``.
    lr
        Step size.
    beta
        Momentum coefficient in [0, 1].

    Returns
    -------
    w, v
        New arrays.

    Raises
    ------
    TypeError, ValueError
        If arrays differ in shape or are not finite real numbers, or a number is out of range.

    Notes
    -----
    Equation: eq-nesterov.
    Deck D's scheme (w = w + v; gradient; v = beta v - lr grad) is the heavy ball exactly: its
    gradient is taken where the last step ended, not ahead of it. The figure after it is right.

    Source: Nesterov (1983), in the form of Sutskever, Martens, Dahl and Hinton (2013).
    """
    w, lr, beta = _check(w, lr, beta)
    v = beta * _arguments.floats("v", v, shape=w.shape)
    v = v - lr * _arguments.floats("grad_fn", grad_fn(w + v), shape=w.shape)
    return w + v, v


def _check(w: npt.ArrayLike, lr: float, beta: float) -> tuple[Array, float, float]:
    return (
        _arguments.floats("w", w),
        _arguments.number("lr", lr, "(0, inf)"),
        _arguments.number("beta", beta, "[0, 1]"),
    )


class Momentum(Optimizer):
    """Gradient descent with momentum (the heavy ball), the steps of ``momentum_step``.

    Parameters
    ----------
    lr
        The step size, or a schedule of it.
    beta
        The momentum coefficient in [0, 1].

    Attributes
    ----------
    t
        Steps taken so far.
    v
        The velocity, a vector like the parameters. Every 100 steps, entries that have decayed
        below the smallest normal number become zero.

    Raises
    ------
    TypeError, ValueError
        If an argument is not a number in its range. ``step`` raises ValueError for parameters of
        another shape or dtype than at the first step.

    Notes
    -----
    Equation: eq-momentum.
    Source: Polyak (1964).
    """

    state_names: ClassVar[tuple[str, ...]] = ("t", "v")

    def __init__(self, lr: float | Schedule, beta: float = 0.9) -> None:
        self.lr = as_schedule("lr", lr)
        self.beta = _arguments.number("beta", beta, "[0, 1]")
        self.t = 0
        self.v: Array | None = None
        self._scratch: Array | None = None

    def step(self, parameters: Array, gradient: Array, overwrite_gradient: bool = False) -> None:
        """Update the velocity, then move ``parameters`` by it, in place."""
        v, _ = self._accelerate(parameters, gradient, overwrite_gradient)
        parameters += v

    def _accelerate(
        self, parameters: Array, gradient: Array, overwrite_gradient: bool
    ) -> tuple[Array, Array]:
        """Update the velocity, v = beta v - lr gradient; return it and lr gradient."""
        self.v = v = like(parameters, self.v)
        if overwrite_gradient:
            scaled = gradient
        else:
            self._scratch = scaled = like(parameters, self._scratch)
        np.multiply(gradient, self.lr(self.t), out=scaled)
        v *= self.beta
        v -= scaled
        self.t += 1
        flush_subnormals(self.t, v)
        return v, scaled


class Nesterov(Momentum):
    """Nesterov momentum that needs the gradient only where the parameters are.

    Takes, keeps and raises what ``Momentum`` does.

    Notes
    -----
    Equation: eq-nesterov-shifted.
    The parameters it moves are not the w of ``nesterov_step`` but the point where that takes its
    gradient, p = w + beta v. From w' = w + v' and v' = beta v - lr g follows

        p' = w' + beta v' = p - beta v + v' + beta v' = p - lr g + beta v',

    where g is the gradient at p. So the two forms take the same steps: started from one point
    with v = 0, w = p - beta v holds at every step, whatever the schedule of lr. As v goes to zero
    so does the difference. With constant lr this is PyTorch's SGD with ``nesterov=True``.

    Source: Bengio, Boulanger-Lewandowski and Pascanu (2013); Sutskever and others (2013).
    """

    def step(self, parameters: Array, gradient: Array, overwrite_gradient: bool = False) -> None:
        """Update the velocity, then move ``parameters`` to the next look-ahead point, in place."""
        v, scaled = self._accelerate(parameters, gradient, overwrite_gradient)
        parameters -= scaled
        parameters += np.multiply(v, self.beta, out=scaled)
