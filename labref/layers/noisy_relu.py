"""Noisy ReLU as a layer: noise in training, plain ReLU otherwise."""

from __future__ import annotations

import numpy as np

from labref import _arguments
from labref._arguments import Array
from labref.activations.rectifiers import _noisy_relu, _noisy_relu_derivative, _relu
from labref.layers.layer import Layer


class NoisyReLU(Layer):
    """Noisy ReLU, max(0, a + noise) with noise of variance sigmoid(a); plain ReLU at test time.

    Parameters
    ----------
    rng
        Source of the noise, drawn anew in each training pass.

    Attributes
    ----------
    a, y
        Of the last pass: pre-activation and output, of any one shape.

    Raises
    ------
    TypeError
        If ``rng`` is not a Generator.

    Notes
    -----
    Equation: eq-noisy-relu.
    Deck D prints N(0, sigma(z)): see ``labref.activations.noisy_relu``.
    Source: Nair and Hinton (2010).
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = _arguments.generator("rng", rng)

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return the output, with noise in training, keeping it and ``x``."""
        self.a = x
        self.y = _noisy_relu(x, self.rng) if training else _relu(x)
        return self.y

    def backward(self, grad_y: Array, need_dx: bool = True) -> Array | None:
        """Return the gradient at the input, the noise of the forward pass being held."""
        return grad_y * _noisy_relu_derivative(self.a, self.y) if need_dx else None
