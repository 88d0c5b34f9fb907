"""Optimizers: given parameters and gradient, take a step.

An optimizer has one method, ``step``, that changes the parameter vector in place. Those that
remember something, such as a velocity, serve one vector of parameters. The plain functions beside
them do the same arithmetic as it is written in the papers.
"""

from labref.optimizers.adam import Adam, adam_step
from labref.optimizers.adaptive import AdaGrad, RMSProp, adagrad_step, rmsprop_step
from labref.optimizers.delta_bar_delta import DeltaBarDelta, delta_bar_delta_step
from labref.optimizers.momentum import Momentum, Nesterov, momentum_step, nesterov_step
from labref.optimizers.optimizer import Optimizer
from labref.optimizers.paths import trajectory
from labref.optimizers.sgd import SGD

__all__ = [
    "SGD",
    "AdaGrad",
    "Adam",
    "DeltaBarDelta",
    "Momentum",
    "Nesterov",
    "Optimizer",
    "RMSProp",
    "adagrad_step",
    "adam_step",
    "delta_bar_delta_step",
    "momentum_step",
    "nesterov_step",
    "rmsprop_step",
    "trajectory",
]
