"""One example of every optimizer, for the tests that hold for all of them."""

from collections.abc import Callable

from labref.optimizers import (
    SGD,
    AdaGrad,
    Adam,
    DeltaBarDelta,
    Momentum,
    Nesterov,
    Optimizer,
    RMSProp,
)

# By the optimizer's class name: () -> optimizer that minimises a well-conditioned quadratic.
EXAMPLES: dict[str, Callable[[], Optimizer]] = {
    "AdaGrad": lambda: AdaGrad(0.5),
    "Adam": lambda: Adam(0.01),
    "DeltaBarDelta": lambda: DeltaBarDelta(0.1, kappa=0.02),
    "Momentum": lambda: Momentum(0.1),
    "Nesterov": lambda: Nesterov(0.1),
    "RMSProp": lambda: RMSProp(0.005),
    "SGD": lambda: SGD(0.3),
}
