"""One example of every layer, for the tests that hold for all of them."""

from collections.abc import Callable

import numpy as np

from labref.layers import Dense, Flatten, Layer


def _dense(rng: np.random.Generator) -> tuple[Layer, tuple[int, ...]]:
    W = rng.standard_normal((3, 4))
    return Dense(W, rng.standard_normal(3), "tanh"), (4,)


def _flatten(rng: np.random.Generator) -> tuple[Layer, tuple[int, ...]]:
    return Flatten(), (2, 3, 4)


# By the layer's class name (and a variant): rng -> float64 layer, shape of one input.
EXAMPLES: dict[str, Callable[[np.random.Generator], tuple[Layer, tuple[int, ...]]]] = {
    "Dense": _dense,
    "Flatten": _flatten,
}
