"""Stochastic gradient descent."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from labref._arguments import Array
from labref.optimizers.optimizer import Optimizer
from labref.schedules import Schedule, as_schedule


class SGD(Optimizer):
    """Gradient descent on whatever gradient it is given, one batch's or the whole set's.

    Parameters
    ----------
    lr
        The step size eta, or a schedule of it (see ``labref.schedules``).

    Attributes
    ----------
    t
        Steps taken so far.

    Raises
    ------
    TypeError, ValueError
        If ``lr`` is neither a schedule nor a positive number.

    Notes
    -----
    Equation: eq-sgd.
    """

    state_names: ClassVar[tuple[str, ...]] = ("t",)

    def __init__(self, lr: float | Schedule) -> None:
        self.lr = as_schedule("lr", lr)
        self.t = 0

    def step(self, parameters: Array, gradient: Array, overwrite_gradient: bool = False) -> None:
        """Subtract eta_t times ``gradient`` from ``parameters``, in place."""
        out = gradient if overwrite_gradient else None
        parameters -= np.multiply(gradient, self.lr(self.t), out=out)
        self.t += 1
