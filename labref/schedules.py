"""Step sizes as functions of the step number t = 0, 1, 2, ..."""

from __future__ import annotations

from collections.abc import Callable

from labref import _arguments

Schedule = Callable[[int], float]


def as_schedule(name: str, lr: float | Schedule) -> Schedule:
    """Return ``lr`` if it is a schedule, else the constant one.

    Raises ValueError or TypeError, naming the argument ``name``, if it is not a positive number.
    """
    return lr if callable(lr) else constant(_arguments.number(name, lr, "(0, inf)"))


def constant(eta_0: float) -> Schedule:
    """Return the schedule eta_t = eta_0.

    Raises ValueError or TypeError if ``eta_0`` is not a positive number.

    Notes
    -----
    Equation: eq-schedules.
    """
    eta_0 = _arguments.number("eta_0", eta_0, "(0, inf)")
    return lambda t: eta_0


def inverse_time(eta_0: float, t_0: float) -> Schedule:
    """Return eta_t = eta_0 / (1 + t / t_0), which meets the Robbins-Monro conditions.

    Parameters
    ----------
    eta_0
        The first step size.
    t_0
        The number of steps after which it has halved.

    Raises
    ------
    TypeError, ValueError
        If either is not a positive number.

    Notes
    -----
    Equations: eq-robbins-monro, eq-schedules. Source: Robbins and Monro (1951), Bottou (2010).
    """
    eta_0, t_0 = (
        _arguments.number("eta_0", eta_0, "(0, inf)"),
        _arguments.number("t_0", t_0, "(0, inf)"),
    )
    return lambda t: eta_0 / (1 + t / t_0)


def step_down(eta_0: float, factor: float, every: int) -> Schedule:
    """Return eta_t = eta_0 * factor ** (t // every).

    Parameters
    ----------
    eta_0
        The first step size.
    factor
        What it is multiplied by at each drop, between 0 and 1.
    every
        Steps between drops.

    Raises
    ------
    TypeError, ValueError
        If an argument is not positive, or ``factor`` exceeds 1.

    Notes
    -----
    Equation: eq-schedules.
    """
    eta_0, factor = (
        _arguments.number("eta_0", eta_0, "(0, inf)"),
        _arguments.number("factor", factor, "(0, inf)"),
    )
    every = _arguments.count("every", every)
    if factor > 1:
        raise ValueError(f"factor: expected at most 1, got {factor}")
    return lambda t: eta_0 * factor ** (t // every)
