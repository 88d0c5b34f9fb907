"""The dense layer: as two plain functions, and as an object that keeps what backprop needs."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt

from labref import _arguments
from labref._arguments import Array
from labref._arrays import ones, product
from labref.activations import IDENTITY, Activation, get_activation
from labref.initializers import Initializer, lecun_normal
from labref.layers.layer import Layer


def dense_forward(x: npt.ArrayLike, W: npt.ArrayLike, b: npt.ArrayLike) -> Array:
    """Pre-activations of a dense layer: x W^T + b.

    Parameters
    ----------
    x
        Inputs, one per row, shape (N, n_in).
    W
        Weights, shape (n_out, n_in).
    b
        Biases, shape (n_out,).

    Returns
    -------
    Array
        Shape (N, n_out).

    Raises
    ------
    TypeError, ValueError
        If an argument is not finite real numbers of that shape.

    Notes
    -----
    Equation: eq-dense.
    """
    W = _arguments.floats("W", W, shape=("n_out", "n_in"))
    x = _arguments.floats("x", x, shape=("N", W.shape[1]))
    b = _arguments.floats("b", b, shape=(W.shape[0],))
    return x @ W.T + b


def dense_backward(
    delta: npt.ArrayLike, x: npt.ArrayLike, W: npt.ArrayLike
) -> tuple[Array, Array, Array]:
    """Gradients of a dense layer, given the gradient at its pre-activations.

    Parameters
    ----------
    delta
        Gradient of the loss at the pre-activations, shape (N, n_out).
    x
        The layer's inputs, shape (N, n_in).
    W
        Its weights, shape (n_out, n_in).

    Returns
    -------
    dx, dW, db
        Gradients at ``x`` (N, n_in), ``W`` (n_out, n_in) and the bias (n_out,). They are sums over
        rows: the mean over the batch is in ``delta`` already, put there by the loss.

    Raises
    ------
    TypeError, ValueError
        If an argument is not finite real numbers of that shape.

    Notes
    -----
    Equations: eq-dense-dx, eq-dense-dW, eq-dense-db.
    Source: Rumelhart, Hinton and Williams (1986).
    """
    W = _arguments.floats("W", W, shape=("n_out", "n_in"))
    delta = _arguments.floats("delta", delta, shape=("N", W.shape[0]))
    x = _arguments.floats("x", x, shape=(delta.shape[0], W.shape[1]))
    return delta @ W, delta.T @ x, delta.sum(axis=0)


class Dense(Layer):
    """A dense layer, y = f(x W^T + b), that keeps what the backward pass needs.

    Parameters
    ----------
    W
        Weights, shape (n_out, n_in).
    b
        Biases, shape (n_out,), of the dtype of ``W``.
    activation
        The function f: a name from ``labref.activations.ACTIVATIONS``, or an ``Activation``.

    Attributes
    ----------
    W, b
        The parameters.
    dW, db
        Their gradients, shaped like them, filled by ``backward``.
    x, a, y, delta
        Of the last pass: input (N, n_in); pre-activation, output and gradient at the
        pre-activation, each (N, n_out).

    Raises
    ------
    TypeError, ValueError
        If ``W`` or ``b`` is not finite real numbers of that shape, or no activation has that name.

    Notes
    -----
    Equations: eq-dense, eq-delta-hidden, eq-dense-dW, eq-dense-db.
    Shapes are checked here and by the network; ``forward`` and ``backward`` trust them.
    """

    parameter_names: ClassVar[tuple[str, ...]] = ("W", "b")
    weight_names: ClassVar[tuple[str, ...]] = ("W",)

    def __init__(
        self, W: npt.ArrayLike, b: npt.ArrayLike, activation: str | Activation = "identity"
    ) -> None:
        self.W = _arguments.floats("W", W, shape=("n_out", "n_in")).copy()
        self.n_out, self.n_in = self.W.shape
        self.b = _arguments.floats("b", b, shape=(self.n_out,)).astype(self.W.dtype)
        self.activation = get_activation(activation)
        self.dW = np.zeros_like(self.W)
        self.db = np.zeros_like(self.b)

    @classmethod
    def random(
        cls,
        n_in: int,
        n_out: int,
        activation: str | Activation,
        rng: np.random.Generator,
        dtype: npt.DTypeLike = np.float64,
        initializer: Initializer = lecun_normal,
    ) -> Self:
        """Return a layer with random weights, from ``labref.initializers``, and zero biases.

        Raises
        ------
        TypeError, ValueError
            If a size is not a positive integer, or ``rng`` not a Generator.
        """
        W = initializer(n_in, n_out, rng)
        return cls(W.astype(dtype), np.zeros(n_out), activation)

    def out_shape(self, in_shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return (n_out,); raise ValueError if ``in_shape`` is not (n_in,)."""
        if in_shape != (self.n_in,):
            raise ValueError(f"expected inputs of shape ({self.n_in},), got {in_shape}")
        return (self.n_out,)

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return the output (N, n_out) for inputs ``x`` (N, n_in), keeping x, a and y."""
        self.x = x
        self.a = product(x, self.W.T)
        self.a += self.b
        self.y = self.activation.function(self.a)
        return self.y

    def backward(self, grad_y: Array, need_dx: bool = True) -> Array | None:
        """Fill dW and db from the gradient at the output; return the gradient at the input.

        Parameters
        ----------
        grad_y
            Gradient of the loss at ``y``, shape (N, n_out).
        need_dx
            Whether to compute the gradient at the input; a first layer does not need it.

        Returns
        -------
        Array or None
            Shape (N, n_in). It uses ``W`` as it was in the forward pass: update afterwards.
        """
        if self.activation is IDENTITY:
            self.delta = grad_y
        else:
            self.delta = grad_y * self.activation.derivative(self.a, self.y)
        np.dot(self.delta.T, self.x, out=self.dW)
        np.dot(ones(len(grad_y), grad_y.dtype), self.delta, out=self.db)
        return product(self.delta, self.W) if need_dx else None
