"""DropConnect: dropout of single connections, as two plain functions and as a layer."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from labref import _arguments
from labref._arguments import Array
from labref.layers.dense import Dense, dense_backward, dense_forward
from labref.layers.dropout import Mask, _check_mask, _draw_mask, _scaled_mask
from labref.layers.noisy_dense import NoisyDense


def dropconnect_forward(
    x: npt.ArrayLike, W: npt.ArrayLike, b: npt.ArrayLike, keep: float, rng: np.random.Generator
) -> tuple[Array, Mask]:
    """Pre-activations of a dense layer whose weights are set to 0 at random.

    Parameters
    ----------
    x
        Inputs, shape (N, n_in).
    W, b
        Weights (n_out, n_in) and biases (n_out,). Biases are not dropped.
    keep
        Probability of keeping a weight, in (0, 1].
    rng
        Source of the mask.

    Returns
    -------
    out, mask
        x (W * mask / keep)^T + b, shape (N, n_out), whose expectation is that of the dense layer;
        and True where a weight is kept, shape (n_out, n_in).

    Raises
    ------
    TypeError, ValueError
        If an argument is not finite real numbers of that shape, ``keep`` is outside (0, 1] or
        ``rng`` is no Generator.

    Notes
    -----
    Equation: eq-dropconnect.
    One mask serves the whole batch. Wan et al. draw one for every example, which costs N times the
    memory, and mask the biases too.
    Source: Wan, Zeiler, Zhang, LeCun and Fergus (2013).
    """
    W = _arguments.floats("W", W, shape=("n_out", "n_in"))
    keep = _arguments.number("keep", keep, "(0, 1]")
    mask = _draw_mask(W.shape, keep, _arguments.generator("rng", rng))
    return dense_forward(x, W * mask / keep, b), mask


def dropconnect_backward(
    delta: npt.ArrayLike, x: npt.ArrayLike, W: npt.ArrayLike, mask: npt.ArrayLike, keep: float
) -> tuple[Array, Array, Array]:
    """Gradients of a dense layer with dropped weights, given the gradient at its pre-activations.

    Parameters
    ----------
    delta
        Gradient of the loss at the pre-activations, shape (N, n_out).
    x, W, keep
        As in ``dropconnect_forward``.
    mask
        The mask of the forward pass, True or 1 where a weight was kept, shape (n_out, n_in).

    Returns
    -------
    dx, dW, db
        Gradients at ``x``, ``W`` and the bias; that of a dropped weight is 0.

    Raises
    ------
    TypeError, ValueError
        If an argument is not of that shape, ``mask`` does not hold zeros and ones, or ``keep`` is
        outside (0, 1].

    Notes
    -----
    Equation: eq-dropconnect-backward.
    """
    W = _arguments.floats("W", W, shape=("n_out", "n_in"))
    mask = _check_mask(mask, W.shape)
    keep = _arguments.number("keep", keep, "(0, 1]")
    dx, dW, db = dense_backward(delta, x, W * mask / keep)
    return dx, dW * mask / keep, db


class DropConnect(NoisyDense):
    """A dense layer, y = f(x W^T + b), whose weights are set to 0 at random in training.

    Parameters
    ----------
    dense
        The layer whose weights, biases and activation to start with.
    keep
        Probability of keeping a weight, in (0, 1].
    rng
        Source of the masks, a new one in each training pass.

    Attributes
    ----------
    mask
        What the last pass multiplied the weights by: an array like ``W``, with 1/keep where a
        weight was kept; or 1 if it was no training pass.

    Raises
    ------
    TypeError, ValueError
        If ``dense`` is not a dense layer, ``keep`` is outside (0, 1] or ``rng`` is no Generator.

    Notes
    -----
    Equations: eq-dropconnect, eq-dropconnect-backward.
    Otherwise the weights are the mean ones. Wan et al. sample pre-activations from a Gaussian
    at test time instead.
    Source: Wan, Zeiler, Zhang, LeCun and Fergus (2013).
    """

    def __init__(self, dense: Dense, keep: float, rng: np.random.Generator) -> None:
        super().__init__(dense, rng)
        self.keep = _arguments.number("keep", keep, "(0, 1]")
        self.mask: Array | float = 1.0

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return the output (N, n_out), with a new mask in training."""
        self.mask = (
            _scaled_mask(self.W.shape, self.keep, self.rng, self.W.dtype) if training else 1.0
        )
        self.x = x
        self.a = x @ (self.W * self.mask).T + self.b
        self.y = self.activation.function(self.a)
        return self.y

    def backward(self, grad_y: Array, need_dx: bool = True) -> Array | None:
        """Fill dW and db from the gradient at the output; return the gradient at the input."""
        super().backward(grad_y, need_dx=False)
        self.dW *= self.mask
        return self.delta @ (self.W * self.mask) if need_dx else None
