"""From images to rows."""

from __future__ import annotations

import math

import numpy as np

from labref._arguments import Array
from labref.layers.layer import Layer


class Flatten(Layer):
    """Make each image a row: (N, C, H, W) becomes (N, C*H*W), channel by channel."""

    def out_shape(self, in_shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return the length of a row."""
        return (math.prod(in_shape),)

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return ``x`` as rows."""
        self.x_shape = x.shape
        # Batch last, the copy of a batch-innermost array runs over neighbours. Else, it is a view.
        return np.moveaxis(x, 0, -1).reshape(-1, len(x)).T

    def backward(self, grad_y: Array, need_dx: bool = True) -> Array | None:
        """Return the gradient in the shape of the input."""
        return grad_y.reshape(self.x_shape) if need_dx else None
