"""Adam: as a plain function, and as an optimizer that makes few passes over memory."""

from __future__ import annotations

from math import sqrt
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from labref import _arguments
from labref._arguments import Array
from labref.optimizers._state import average_of_squares, flush_subnormals, like
from labref.optimizers.optimizer import Optimizer
from labref.schedules import Schedule, as_schedule


def adam_step(
    w: npt.ArrayLike,
    m: npt.ArrayLike,
    v: npt.ArrayLike,
    t: int,
    grad: npt.ArrayLike,
    lr: float,
    beta1: float,
    beta2: float,
    eps: float,
) -> tuple[Array, Array, Array]:
    """One step of Adam, the ``t``-th.

    Parameters
    ----------
    w
        Parameters, any shape.
    m, v
        Decaying averages of gradients and of squared gradients, shaped like ``w``, not corrected
        for their start at zero.
    t
        Number of this step; the first is 1.
    grad
        Gradient of the cost at ``w``.
    lr
        Step size.
    beta1, beta2
        Decay of ``m`` and ``v`` per step, in [0, 1).
    eps
        Added outside the root of the corrected ``v``.

    Returns
    -------
    w, m, v
        New arrays; ``m`` and ``v`` still uncorrected.

    Raises
    ------
    TypeError, ValueError
        If arrays differ in shape or are not finite real numbers, ``v`` has a negative one, or a
        number is out of range.

    Notes
    -----
    Equations: eq-adam-moments, eq-adam.
    m' = beta1 m + (1 - beta1) grad and v' = beta2 v + (1 - beta2) grad^2;
    w' = w - lr m^ / (sqrt(v^) + eps) with m^ = m' / (1 - beta1^t) and v^ = v' / (1 - beta2^t).

    Deck D divides the averages themselves by 1 - beta1 and 1 - beta2, in each step anew: they then
    grow ninefold and 999-fold a step, training stalls at once and overflows within 400 steps. The
    correction goes by beta^t, and into copies. The deck also suggests decays in (0, 1]; with 1,
    nothing new ever enters.

    Source: Kingma and Ba (2015).
    """
    w = _arguments.floats("w", w)
    m = _arguments.floats("m", m, shape=w.shape)
    v = average_of_squares("v", v, w.shape)
    grad = _arguments.floats("grad", grad, shape=w.shape)
    t = _arguments.count("t", t)
    lr, eps = _arguments.number("lr", lr, "(0, inf)"), _arguments.number("eps", eps, "[0, inf)")
    beta1 = _arguments.number("beta1", beta1, "[0, 1)")
    beta2 = _arguments.number("beta2", beta2, "[0, 1)")
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * grad**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    return w - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


class Adam(Optimizer):
    """Adam, the steps of ``adam_step``.

    Parameters
    ----------
    lr
        The step size, or a schedule of it.
    beta1, beta2
        Decay of the two moments per step, in [0, 1).
    eps
        Added outside the root of the corrected second moment.

    Attributes
    ----------
    t
        Steps taken so far.
    m, v
        Decaying sums, m = beta1 m + g and v = beta2 v + g^2, vectors like the parameters. Times
        1 - beta1 and 1 - beta2 they are the averages of ``adam_step``. Every 100 steps, entries
        that have decayed below the smallest normal number become zero.

    Raises
    ------
    TypeError, ValueError
        If an argument is not a number in its range. ``step`` raises ValueError for parameters of
        another shape or dtype than at the first step.

    Notes
    -----
    Equations: eq-adam-moments, eq-adam.
    With the sums in place of averages, all factors of the update are numbers, not arrays. Writing
    a = (1 - beta1) / (1 - beta1^t) and b = sqrt((1 - beta2) / (1 - beta2^t)), the corrected moments
    are a m and b^2 v, and the step is exactly the published one:

        lr a m / (b sqrt(v) + eps) = (lr a / b) m / (sqrt(v) + eps / b).

    Source: Kingma and Ba (2015).
    """

    state_names: ClassVar[tuple[str, ...]] = ("t", "m", "v")

    def __init__(
        self,
        lr: float | Schedule = 0.001,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-8,
    ) -> None:
        self.lr = as_schedule("lr", lr)
        self.beta1 = _arguments.number("beta1", beta1, "[0, 1)")
        self.beta2 = _arguments.number("beta2", beta2, "[0, 1)")
        self.eps = _arguments.number("eps", eps, "(0, inf)")
        self.t = 0
        self.m: Array | None = None
        self.v: Array | None = None
        self._scratch: Array | None = None

    def step(self, parameters: Array, gradient: Array, overwrite_gradient: bool = False) -> None:
        """Update both moments, then change ``parameters``, in place."""
        self.m, self.v = m, v = like(parameters, self.m), like(parameters, self.v)
        if overwrite_gradient:
            change = gradient
        else:
            self._scratch = change = like(parameters, self._scratch)
        lr = self.lr(self.t)
        self.t += 1
        a = (1 - self.beta1) / (1 - self.beta1**self.t)
        b = sqrt((1 - self.beta2) / (1 - self.beta2**self.t))
        m *= self.beta1
        m += gradient
        v *= self.beta2
        v += np.multiply(gradient, gradient, out=change)
        np.sqrt(v, out=change)
        change += self.eps / b
        np.divide(m, change, out=change)
        change *= lr * a / b
        parameters -= change
        flush_subnormals(self.t, m, v)
