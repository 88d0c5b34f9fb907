"""Minimizers of smooth functions: second-order steps, conjugate gradients, quasi-Newton methods.

Each takes an objective, w -> (value, gradient), and a start, and returns a ``Result``. It picks a
direction and searches along it (``labref.minimize.descent``); methods differ in the direction.
"""

from labref.minimize.bfgs import bfgs, bfgs_update
from labref.minimize.conjugate_gradient import (
    BETAS,
    conjugate_gradient,
    fletcher_reeves,
    nonlinear_conjugate_gradient,
    polak_ribiere,
    polak_ribiere_plus,
)
from labref.minimize.descent import DirectionRule, descend
from labref.minimize.lbfgs import lbfgs, lbfgs_direction
from labref.minimize.line_search import (
    LineSearch,
    LineSearchResult,
    backtracking,
    full_step,
    strong_wolfe,
)
from labref.minimize.newton import damped_newton, newton, newton_step
from labref.minimize.objective import Objective
from labref.minimize.result import Result
from labref.minimize.steepest_descent import steepest_descent, steepest_descent_rate

__all__ = [
    "BETAS",
    "DirectionRule",
    "LineSearch",
    "LineSearchResult",
    "Objective",
    "Result",
    "backtracking",
    "bfgs",
    "bfgs_update",
    "conjugate_gradient",
    "damped_newton",
    "descend",
    "fletcher_reeves",
    "full_step",
    "lbfgs",
    "lbfgs_direction",
    "newton",
    "newton_step",
    "nonlinear_conjugate_gradient",
    "polak_ribiere",
    "polak_ribiere_plus",
    "steepest_descent",
    "steepest_descent_rate",
    "strong_wolfe",
]
