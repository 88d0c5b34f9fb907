"""Optimizers: given parameters and gradient, take a step.

An optimizer has one method, ``step``, that changes the parameter vector in place.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from labref import _arguments
from labref._arguments import Array
from labref._arrays import aligned_zeros
from labref.schedules import Schedule, constant


class Optimizer(Protocol):
    """What the training loop needs of an optimizer."""

    def step(self, parameters: Array, gradient: Array) -> None:
        """Change ``parameters`` in place; leave ``gradient`` as it is."""


class SGD:
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

    def __init__(self, lr: float | Schedule) -> None:
        self.lr = lr if callable(lr) else constant(_arguments.positive("lr", lr))
        self.t = 0
        self._change = np.empty(0)

    def step(self, parameters: Array, gradient: Array) -> None:
        """Subtract eta_t times ``gradient`` from ``parameters``, in place."""
        if self._change.shape != parameters.shape or self._change.dtype != parameters.dtype:
            self._change = aligned_zeros(parameters.size, parameters.dtype)
        np.multiply(gradient, self.lr(self.t), out=self._change)
        parameters -= self._change
        self.t += 1
