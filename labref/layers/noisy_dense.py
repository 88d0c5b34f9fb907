"""What dense layers with noise in training have in common."""

from __future__ import annotations

import numpy as np

from labref import _arguments
from labref.layers.dense import Dense


class NoisyDense(Dense):
    """A dense layer that starts as another one and has noise in training.

    Parameters
    ----------
    dense
        The layer whose weights, biases and activation to start with.
    rng
        Source of the noise.

    Raises
    ------
    TypeError
        If ``dense`` is not a dense layer or ``rng`` is no Generator.
    """

    def __init__(self, dense: Dense, rng: np.random.Generator) -> None:
        if not isinstance(dense, Dense):
            raise TypeError(f"dense: expected a Dense layer, got {type(dense).__name__}")
        super().__init__(dense.W, dense.b, dense.activation)
        self.rng = _arguments.generator("rng", rng)
