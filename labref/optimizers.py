"""Optimizers: given parameters and gradient, take a step.

An optimizer has one method, ``step``, that changes the parameter vector in place.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from labref import _arguments
from labref._arguments import Array
from labref.schedules import Schedule, constant


class Optimizer(Protocol):
    """What the training loop needs of an optimizer."""

    def step(self, parameters: Array, gradient: Array, overwrite_gradient: bool = False) -> None:
        """Change ``parameters`` in place; leave ``gradient`` as it is unless it may be overwritten.

        A training loop, which computes a new gradient for the next step anyway, may give the
        vector away and so save the memory traffic of another one.
        """


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

    def step(self, parameters: Array, gradient: Array, overwrite_gradient: bool = False) -> None:
        """Subtract eta_t times ``gradient`` from ``parameters``, in place."""
        out = gradient if overwrite_gradient else None
        parameters -= np.multiply(gradient, self.lr(self.t), out=out)
        self.t += 1
