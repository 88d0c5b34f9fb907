"""Optimizers: given parameters and gradient, take a step.

An optimizer has one method, ``step``, that changes the parameter vector in place.
"""

from labref.optimizers.optimizer import Optimizer
from labref.optimizers.sgd import SGD

__all__ = ["SGD", "Optimizer"]
