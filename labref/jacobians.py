"""Products of Jacobians: the factors between a first layer's gradient and the loss."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from labref import _arguments
from labref._arguments import Array
from labref.activations import Activation
from labref.diagnostics import dense_layers


def layer_jacobians(
    x: npt.ArrayLike,
    Ws: Sequence[npt.ArrayLike],
    bs: Sequence[npt.ArrayLike],
    activation: str | Activation = "sigmoid",
) -> list[Array]:
    """Jacobians between the pre-activations of neighbouring layers, at one input.

    Parameters
    ----------
    x
        The input, shape (n_in,).
    Ws, bs
        Weights (n_out, n_in) and biases (n_out,) of the layers 1 .. L, the last one linear.
    activation
        Of the hidden layers.

    Returns
    -------
    list of Array
        For l = 1 .. L - 1, d a_(l+1) / d a_l = W_(l+1) diag(f'(a_l)).

    Raises
    ------
    TypeError, ValueError
        If arrays are not finite real numbers of shapes that fit, or no activation has that name.

    Notes
    -----
    Equation: eq-layer-jacobian.
    Deck A calls them speed bumps, and counts L of them since its L leaves the last layer out. Each
    is small where f is the sigmoid, whose slope is at most 1/4.
    """
    layers = dense_layers(Ws, bs, activation)
    y = _arguments.floats("x", x, shape=(layers[0].n_in,))[None].astype(layers[0].W.dtype)
    jacobians: list[Array] = []
    for layer, above in pairwise(layers):
        y = layer.forward(y)
        slopes = layer.activation.derivative(layer.a, y)
        jacobians.append(above.W * slopes)
    return jacobians


def jacobian_products(jacobians: Sequence[npt.ArrayLike]) -> list[Array]:
    """Jacobians between the last pre-activations and those of every layer before.

    Parameters
    ----------
    jacobians
        What ``layer_jacobians`` returned.

    Returns
    -------
    list of Array
        For l = 1 .. L - 1, M_l = d a_L / d a_l, the product of the Jacobians from L - 1 down to l.
        Backpropagation multiplies by it: delta_l = delta_L M_l, for rows delta.

    Raises
    ------
    TypeError, ValueError
        If the matrices are not finite real numbers of shapes that fit.

    Notes
    -----
    Equation: eq-jacobian-product.
    Deck A, which calls the last layer L + 1, prints dE/dZ^(l+1) before the product; it is
    dE/dZ^(L+1). And it lets the index of the product rise, which is the reverse of this order.
    """
    products: list[Array] = []
    for i in reversed(range(len(jacobians))):
        n_out = products[-1].shape[1] if products else "n_out"
        J = _arguments.floats(f"jacobians[{i}]", jacobians[i], shape=(n_out, "n_in"))
        products.append(products[-1] @ J if products else J)
    return products[::-1]


def jacobian_norms(jacobians: Sequence[npt.ArrayLike]) -> list[float]:
    """Spectral norms of the products: the most that a delta can grow on its way down to layer l.

    Takes and raises what ``jacobian_products`` does.

    Notes
    -----
    Equation: eq-jacobian-norm.
    """
    return [float(np.linalg.norm(M, 2)) for M in jacobian_products(jacobians)]
