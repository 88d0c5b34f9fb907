"""Activation functions and their derivatives.

Every function works elementwise on an array of any shape, but for ``softmax``, which works on
rows. An ``Activation`` pairs a function with its derivative, so that a layer can use either.
"""

from __future__ import annotations

from labref.activations.activation import Activation
from labref.activations.linear import IDENTITY, identity, identity_grad
from labref.activations.rectifiers import (
    ELU,
    LEAKY_RELU,
    RELU,
    SOFTPLUS,
    elu,
    elu_activation,
    elu_grad,
    leaky_relu,
    leaky_relu_activation,
    leaky_relu_grad,
    noisy_relu,
    noisy_relu_grad,
    relu,
    relu_grad,
    softplus,
    softplus_grad,
)
from labref.activations.sigmoids import (
    LECUN_TANH,
    SIGMOID,
    TANH,
    lecun_tanh,
    lecun_tanh_grad,
    sigmoid,
    sigmoid_grad,
    tanh,
    tanh_grad,
)
from labref.activations.softmax import softmax, softmax_backward

__all__ = [
    "ACTIVATIONS",
    "ELU",
    "IDENTITY",
    "LEAKY_RELU",
    "LECUN_TANH",
    "RELU",
    "SIGMOID",
    "SOFTPLUS",
    "TANH",
    "Activation",
    "elu",
    "elu_activation",
    "elu_grad",
    "get_activation",
    "identity",
    "identity_grad",
    "leaky_relu",
    "leaky_relu_activation",
    "leaky_relu_grad",
    "lecun_tanh",
    "lecun_tanh_grad",
    "noisy_relu",
    "noisy_relu_grad",
    "relu",
    "relu_grad",
    "sigmoid",
    "sigmoid_grad",
    "softmax",
    "softmax_backward",
    "softplus",
    "softplus_grad",
    "tanh",
    "tanh_grad",
]

ACTIVATIONS = {
    activation.name: activation
    for activation in (IDENTITY, SIGMOID, TANH, LECUN_TANH, RELU, SOFTPLUS, LEAKY_RELU, ELU)
}


def get_activation(activation: str | Activation) -> Activation:
    """Return the activation of that name (or the one given).

    Raises
    ------
    ValueError
        If no activation has that name.
    """
    if isinstance(activation, Activation):
        return activation
    if activation not in ACTIVATIONS:
        raise ValueError(
            f"activation: expected one of {', '.join(ACTIVATIONS)}, got {activation!r}"
        )
    return ACTIVATIONS[activation]
