"""An activation as a layer of its own."""

from __future__ import annotations

from labref._arguments import Array
from labref.activations import Activation, get_activation
from labref.layers.layer import Layer


class Activate(Layer):
    """An elementwise activation on its own, as after a convolution or batch normalization.

    Parameters
    ----------
    activation
        A name from ``labref.activations.ACTIVATIONS``, or an ``Activation``.

    Attributes
    ----------
    a, y
        Of the last pass: pre-activation and output, of any one shape.

    Raises
    ------
    ValueError
        If no activation has that name.

    Notes
    -----
    Equation: eq-conv-delta.
    """

    def __init__(self, activation: str | Activation) -> None:
        self.activation = get_activation(activation)

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return f(x), keeping both."""
        self.a = x
        self.y = self.activation.function(x)
        return self.y

    def backward(self, grad_y: Array, need_dx: bool = True) -> Array | None:
        """Return grad_y * f'(a)."""
        return grad_y * self.activation.derivative(self.a, self.y) if need_dx else None
