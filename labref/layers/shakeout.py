"""Shakeout: dropout that turns a unit's contribution round instead of removing it."""

from __future__ import annotations

import numpy as np

from labref import _arguments
from labref._arguments import Array
from labref.layers.dense import Dense
from labref.layers.dropout import _scaled_mask
from labref.layers.noisy_dense import NoisyDense


class Shakeout(NoisyDense):
    """A dense layer whose inputs are enhanced or reversed at random in training.

    For every example and input unit, r is 1/keep with probability keep and 0 otherwise. The unit's
    weights are then r w + c (r - 1) sign(w): with r = 0 they become -c sign(w), otherwise
    (w + c (1 - keep) sign(w)) / keep. Their expectation is w.

    Parameters
    ----------
    dense
        The layer whose weights, biases and activation to start with.
    keep
        Probability of enhancing a unit, in (0, 1].
    c
        Size of the reversed weights, at least 0. With c = 0, shakeout is dropout of the inputs.
    rng
        Source of the masks, a new one in each training pass.

    Attributes
    ----------
    mask
        The r of the last pass, shape (N, n_in); or 1 if it was no training pass.

    Raises
    ------
    TypeError, ValueError
        If ``dense`` is not a dense layer, ``keep`` is outside (0, 1], ``c`` is negative or ``rng``
        is no Generator.

    Notes
    -----
    Equations: eq-shakeout, eq-shakeout-backward.
    The gradient takes sign(w) as constant, which it is but for its jump at 0; the authors' program
    adds the slope of a steep tanh there. Deck D prints alpha w + (1 - alpha) c and -c: with
    alpha = 1/keep it is alpha w + (alpha - 1) c sign(w) and -c sign(w), and it is units that are
    chosen, not single weights.
    Source: Kang, Li and Tao (2016).
    """

    def __init__(self, dense: Dense, keep: float, c: float, rng: np.random.Generator) -> None:
        super().__init__(dense, rng)
        self.keep = _arguments.number("keep", keep, "(0, 1]")
        self.c = _arguments.number("c", c, "[0, inf)")
        self.mask: Array | float = 1.0

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return the output (N, n_out), with a new mask in training."""
        self.mask = _scaled_mask(x.shape, self.keep, self.rng, x.dtype) if training else 1.0
        self.x = x
        self.a = (x * self.mask) @ self.W.T + self.b
        self.a += (x * (self.c * (self.mask - 1))) @ np.sign(self.W).T
        self.y = self.activation.function(self.a)
        return self.y

    def backward(self, grad_y: Array, need_dx: bool = True) -> Array | None:
        """Fill dW and db from the gradient at the output; return the gradient at the input."""
        self.delta = grad_y * self.activation.derivative(self.a, self.y)
        np.dot(self.delta.T, self.x * self.mask, out=self.dW)
        self.delta.sum(axis=0, out=self.db)
        if not need_dx:
            return None
        reversed_part = self.c * (self.mask - 1) * (self.delta @ np.sign(self.W))
        return self.mask * (self.delta @ self.W) + reversed_part
