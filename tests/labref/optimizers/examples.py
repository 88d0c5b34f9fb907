"""One example of every optimizer, for the tests that hold for all of them."""

from collections.abc import Callable

from labref.optimizers import SGD, Optimizer

# By the optimizer's class name: () -> optimizer that minimises a well-conditioned quadratic.
EXAMPLES: dict[str, Callable[[], Optimizer]] = {
    "SGD": lambda: SGD(0.3),
}
