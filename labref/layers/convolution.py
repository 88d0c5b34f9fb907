"""Convolution layers: as two plain functions, and as an object that keeps what backprop needs.

What neural networks call convolution is cross-correlation: filters are not flipped. There is one
implementation in the package, chosen by measuring (see ``_lowering`` and ``_memory_order``): images
are kept with the batch innermost in memory and the row outermost, and every output row is one
matrix product. Of the formulations tried in NumPy, those whose copies and products run over many
neighbouring numbers were fast and those that gather small windows slow, and this one copies least:
an image once per filter column, instead of once per filter element as im2col does.
"""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt

from labref import _arguments
from labref._arguments import Array
from labref.activations import IDENTITY, Activation, get_activation
from labref.initializers import Initializer, fans, lecun_normal
from labref.layers._geometry import output_size, padding, pair
from labref.layers._lowering import bias_gradient, correlate, filter_gradient, input_gradient
from labref.layers._memory_order import from_rows, to_rows
from labref.layers.layer import Layer


def rotate180(w: npt.ArrayLike) -> Array:
    """Return filters rotated by 180 degrees: both of the last two axes reversed.

    Parameters
    ----------
    w
        One filter (kh, kw), or any array of them (..., kh, kw).

    Returns
    -------
    Array
        Like ``w``, a copy. Convolution with ``w`` is cross-correlation with ``rotate180(w)``.

    Raises
    ------
    TypeError, ValueError
        If ``w`` is not an array of finite real numbers with at least two axes.

    Notes
    -----
    Equation: eq-rotate180.
    """
    w = _arguments.floats("w", w)
    if w.ndim < 2:
        raise ValueError(f"w: expected shape (..., kh, kw), got {w.shape}")
    return w[..., ::-1, ::-1].copy()


def conv2d_forward(
    x: npt.ArrayLike, w: npt.ArrayLike, b: npt.ArrayLike, stride: int = 1, pad: int = 0
) -> Array:
    """Pre-activations of a convolution layer: cross-correlation of images with filters, plus bias.

    Parameters
    ----------
    x
        Images, shape (N, C_in, H, W).
    w
        Filters, shape (C_out, C_in, kh, kw). They are not flipped.
    b
        Biases: one per output channel, shape (C_out,), or one per position ("untied"), shape
        (C_out, H', W').
    stride
        Step between positions, along both axes.
    pad
        Zeros added on each of the four sides.

    Returns
    -------
    Array
        Shape (N, C_out, H', W') with H' = (H + 2 pad - kh) // stride + 1, and W' likewise: where
        the stride does not divide, the last rows and columns are left out, as in PyTorch.

    Raises
    ------
    TypeError, ValueError
        If an argument is not finite real numbers of that shape, a filter is larger than the padded
        image, ``stride`` is not a positive integer or ``pad`` a negative one.

    Notes
    -----
    Equations: eq-conv-forward, eq-conv-size.
    z[n, f, i, j] = sum over c, ky, kx of w[f, c, ky, kx] x[n, c, i stride + ky - pad,
    j stride + kx - pad], plus the bias; x is 0 outside. Deck E prints a convolution (the minus
    signs in its index) with untied biases; usual layers tie the bias, one per channel.
    Source: LeCun et al. (1989).
    """
    x, w, stride, pad = _check(x, w, stride, pad)
    height, width = output_size("w", w.shape[2:], x.shape[2:], stride, pad)
    b = _check_bias(b, len(w), (height, width))
    dtype = np.result_type(x, w, b)
    x, w, b = (array.astype(dtype, copy=False) for array in (x, w, b))
    return from_rows(correlate(to_rows(x), w, b, stride, pad))


def conv2d_backward(
    delta: npt.ArrayLike, x: npt.ArrayLike, w: npt.ArrayLike, stride: int = 1, pad: int = 0
) -> tuple[Array, Array, Array]:
    """Gradients of a convolution layer, given the gradient at its pre-activations.

    Parameters
    ----------
    delta
        Gradient of the loss at the pre-activations, shape (N, C_out, H', W').
    x
        The layer's images, shape (N, C_in, H, W).
    w
        Its filters, shape (C_out, C_in, kh, kw).
    stride, pad
        As in the forward pass.

    Returns
    -------
    dx, dw, db
        Gradients at ``x``, ``w`` and the bias (C_out,), summed over images and positions. The
        gradient of untied biases is ``delta.sum(axis=0)``.

    Raises
    ------
    TypeError, ValueError
        As ``conv2d_forward``, or if ``delta`` does not have the shape that it returns.

    Notes
    -----
    Equations: eq-conv-dx, eq-conv-dw, eq-conv-db.
    With stride 1, dx is the full convolution of ``delta`` with the filters, that is, the full
    cross-correlation with the filters rotated by 180 degrees, and dw the cross-correlation of
    ``x`` with ``delta``. The delta of the layer below is dx times sigma'(z) of that layer, position
    by position: deck E's equations (7) and (8) put sigma'(z) into the filter, but it depends on
    the position and stands outside the sum.
    Source: LeCun et al. (1989).
    """
    x, w, stride, pad = _check(x, w, stride, pad)
    size = output_size("w", w.shape[2:], x.shape[2:], stride, pad)
    delta = _arguments.floats("delta", delta, shape=(len(x), len(w), *size))
    dtype = np.result_type(delta, x, w)
    delta, x, w = (array.astype(dtype, copy=False) for array in (delta, x, w))
    rows = to_rows(delta)
    dx = from_rows(input_gradient(rows, w, x.shape[2:], stride, pad))
    dw = filter_gradient(rows, to_rows(x), w.shape[2:], stride, pad)
    return dx, dw, bias_gradient(rows)


def _check(
    x: npt.ArrayLike, w: npt.ArrayLike, stride: int, pad: int
) -> tuple[Array, Array, int, int]:
    w = _arguments.floats("w", w, shape=("C_out", "C_in", "kh", "kw"))
    x = _arguments.floats("x", x, shape=("N", w.shape[1], "H", "W"))
    return x, w, _arguments.count("stride", stride), padding(pad)


def _check_bias(b: npt.ArrayLike, n_filters: int, size: tuple[int, int]) -> Array:
    b = _arguments.floats("b", b)
    _arguments.check_shape("b", b, (n_filters, *size) if b.ndim > 1 else (n_filters,))
    return b


class Conv2D(Layer):
    """A convolution layer, y = f(x * w + b), that keeps what the backward pass needs.

    Parameters
    ----------
    W
        Filters, shape (C_out, C_in, kh, kw).
    b
        Biases, of the dtype of ``W``: one per output channel, shape (C_out,), or one per position
        ("untied"), shape (C_out, H', W').
    activation
        The function f: a name from ``labref.activations.ACTIVATIONS``, or an ``Activation``.
    stride, pad
        As for ``conv2d_forward``.

    Attributes
    ----------
    W, b
        The parameters.
    dW, db
        Their gradients, shaped like them, filled by ``backward``.
    x, a, y, delta
        Of the last pass: input (N, C_in, H, W); pre-activation, output and gradient at the
        pre-activation, each (N, C_out, H', W').

    Raises
    ------
    TypeError, ValueError
        If ``W`` or ``b`` is not finite real numbers of that shape, ``stride`` not a positive
        integer, ``pad`` negative, or no activation has that name.

    Notes
    -----
    Equations: eq-conv-delta, eq-conv-db-untied.
    See ``conv2d_forward`` and ``conv2d_backward`` for the others.
    Shapes are checked here and by the network; ``forward`` and ``backward`` trust them.
    """

    parameter_names: ClassVar[tuple[str, ...]] = ("W", "b")
    weight_names: ClassVar[tuple[str, ...]] = ("W",)

    def __init__(
        self,
        W: npt.ArrayLike,
        b: npt.ArrayLike,
        activation: str | Activation = "identity",
        stride: int = 1,
        pad: int = 0,
    ) -> None:
        self.W = _arguments.floats("W", W, shape=("C_out", "C_in", "kh", "kw")).copy()
        b = _arguments.floats("b", b)
        expected = (len(self.W),) if b.ndim == 1 else (len(self.W), "H'", "W'")
        _arguments.check_shape("b", b, expected)
        self.b = b.astype(self.W.dtype)
        self.activation = get_activation(activation)
        self.stride, self.pad = _arguments.count("stride", stride), padding(pad)
        self.dW = np.zeros_like(self.W)
        self.db = np.zeros_like(self.b)

    @classmethod
    def random(
        cls,
        c_in: int,
        c_out: int,
        k: int | tuple[int, int],
        activation: str | Activation,
        rng: np.random.Generator,
        dtype: npt.DTypeLike = np.float64,
        initializer: Initializer = lecun_normal,
        *,
        stride: int = 1,
        pad: int = 0,
        untied_bias: tuple[int, int] | None = None,
    ) -> Self:
        """Return a layer with random weights, from ``labref.initializers``, and zero biases.

        Parameters
        ----------
        c_in, c_out
            Channels of the input and of the output.
        k
            Height and width of the filters, or one number for both.
        activation, stride, pad
            As for the class.
        rng
            Source of the weights.
        dtype
            Of the parameters, float32 or float64.
        initializer
            Draws the weights, scaled for the ``fans`` of their shape.
        untied_bias
            The output's (H', W'), to have a bias per position.

        Raises
        ------
        TypeError, ValueError
            If a size is not a positive integer, or ``rng`` not a Generator.
        """
        c_in, c_out = _arguments.count("c_in", c_in), _arguments.count("c_out", c_out)
        kh, kw = pair("k", k)
        size = () if untied_bias is None else pair("untied_bias", untied_bias)
        shape = c_out, c_in, kh, kw
        W = initializer(*fans(shape), rng, shape)
        return cls(W.astype(dtype), np.zeros((c_out, *size)), activation, stride, pad)

    def out_shape(self, in_shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return (C_out, H', W'); raise ValueError if ``in_shape`` does not fit."""
        n_filters, channels = self.W.shape[:2]
        if len(in_shape) != 3 or in_shape[0] != channels:
            raise ValueError(f"expected inputs of shape ({channels}, H, W), got {in_shape}")
        size = output_size("W", self.W.shape[2:], in_shape[1:], self.stride, self.pad)
        if self.b.ndim > 1 and self.b.shape[1:] != size:
            raise ValueError(f"b: expected one per position, {size}, got {self.b.shape[1:]}")
        return (n_filters, *size)

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return the output (N, C_out, H', W') for images ``x``, keeping x, a and y."""
        rows = to_rows(x)
        out = correlate(rows, self.W, self.b, self.stride, self.pad)
        self.x, self.a = from_rows(rows), from_rows(out)
        self.y = self.activation.function(self.a)
        return self.y

    def backward(self, grad_y: Array, need_dx: bool = True) -> Array | None:
        """Fill dW and db from the gradient at the output; return the gradient at the input.

        Parameters
        ----------
        grad_y
            Gradient of the loss at ``y``, shape (N, C_out, H', W').
        need_dx
            Whether to compute the gradient at the input; a first layer does not need it.

        Returns
        -------
        Array or None
            Shape (N, C_in, H, W). It uses ``W`` as it was in the forward pass: update afterwards.
        """
        rows = to_rows(grad_y)
        if self.activation is not IDENTITY:
            rows = rows * to_rows(self.activation.derivative(self.a, self.y))
        self.delta = from_rows(rows)
        kernel, size = self.W.shape[2:], self.x.shape[2:]
        self.dW[...] = filter_gradient(rows, to_rows(self.x), kernel, self.stride, self.pad)
        untied = self.b.ndim > 1
        self.db[...] = self.delta.sum(axis=0) if untied else bias_gradient(rows)
        if not need_dx:
            return None
        return from_rows(input_gradient(rows, self.W, size, self.stride, self.pad))
