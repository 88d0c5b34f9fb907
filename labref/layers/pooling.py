"""Max and average pooling: as plain functions, and as layers.

Windows do not overlap: the stride is the window's size. Rows and columns that do not fill a window
are left out, as in PyTorch, and get no gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from labref import _arguments
from labref._arguments import Array
from labref.layers._geometry import image_shape, output_size
from labref.layers._memory_order import from_rows, to_rows
from labref.layers.layer import Layer


def max_pool_forward(x: npt.ArrayLike, k: int) -> Array:
    """Return the largest number of every k by k window.

    Parameters
    ----------
    x
        Images, shape (N, C, H, W).
    k
        Height and width of the windows, and the step between them.

    Returns
    -------
    Array
        Shape (N, C, H // k, W // k).

    Raises
    ------
    TypeError, ValueError
        If ``x`` is not finite images or ``k`` not a positive integer, at most H and W.

    Notes
    -----
    Equation: eq-max-pool.
    """
    x, k = _check(x, k)
    return from_rows(_reduce(to_rows(x), k, np.maximum))


def max_pool_backward(delta: npt.ArrayLike, x: npt.ArrayLike, k: int) -> Array:
    """Gradient at the input of max pooling, given the gradient at its output.

    Parameters
    ----------
    delta
        Gradient of the loss at the output, shape (N, C, H // k, W // k).
    x
        The images that were pooled, shape (N, C, H, W).
    k
        The windows' size.

    Returns
    -------
    Array
        Shape (N, C, H, W): each window's gradient is where its largest number was, the first in
        row-major order if there are several.

    Raises
    ------
    TypeError, ValueError
        If an argument is not finite images of that shape, or ``k`` does not fit.

    Notes
    -----
    Equation: eq-max-pool-backward.
    """
    x, k = _check(x, k)
    shape = (*x.shape[:2], x.shape[2] // k, x.shape[3] // k)
    rows = to_rows(x)
    delta = to_rows(_arguments.floats("delta", delta, shape=shape))
    return from_rows(_max_gradient(delta, rows, _reduce(rows, k, np.maximum), k))


def avg_pool_forward(x: npt.ArrayLike, k: int) -> Array:
    """Return the mean of every k by k window; takes and raises what ``max_pool_forward`` does.

    Notes
    -----
    Equation: eq-avg-pool.
    """
    x, k = _check(x, k)
    return from_rows(_mean(to_rows(x), k))


def avg_pool_backward(delta: npt.ArrayLike, x_shape: Sequence[int], k: int) -> Array:
    """Gradient at the input of average pooling, given the gradient at its output.

    Parameters
    ----------
    delta
        Gradient of the loss at the output, shape (N, C, H // k, W // k).
    x_shape
        Shape of the images that were pooled, (N, C, H, W).
    k
        The windows' size.

    Returns
    -------
    Array
        Shape ``x_shape``: each window's gradient in equal parts.

    Raises
    ------
    TypeError, ValueError
        If ``delta`` is not finite images of that shape, or ``k`` does not fit.

    Notes
    -----
    Equation: eq-avg-pool-backward.
    """
    n, channels, height, width = image_shape("x_shape", x_shape)
    k = _arguments.count("k", k)
    size = output_size("k", (k, k), (height, width), k)
    delta = _arguments.floats("delta", delta, shape=(n, channels, *size))
    return from_rows(_mean_gradient(to_rows(delta), (height, width), k))


def _check(x: npt.ArrayLike, k: int) -> tuple[Array, int]:
    x, k = _arguments.floats("x", x, shape=("N", "C", "H", "W")), _arguments.count("k", k)
    output_size("k", (k, k), x.shape[2:], k)
    return x, k


def _reduce(rows: Array, k: int, combine: Callable[[Array, Array], Array]) -> Array:
    """Combine the rows of every window, then its columns; rows are (H, C, W, N)."""
    height, width = rows.shape[0] // k * k, rows.shape[2] // k * k
    tall = rows[0:height:k]
    for ky in range(1, k):
        tall = combine(tall, rows[ky:height:k])
    out = tall[:, :, 0:width:k]
    for kx in range(1, k):
        out = combine(out, tall[:, :, kx:width:k])
    return out if k > 1 else out.copy()


def _places(rows: Array, k: int) -> Iterator[Array]:
    """Yield, for each place in a window in row-major order, what all windows have there: views."""
    height, width = rows.shape[0] // k * k, rows.shape[2] // k * k
    for ky in range(k):
        for kx in range(k):
            yield rows[ky:height:k, :, kx:width:k]


def _max_gradient(delta: Array, rows: Array, largest: Array, k: int) -> Array:
    """Give each window's delta to the first place that has its largest number."""
    grad = _empty_gradient(rows.shape, k, delta.dtype)
    owed = delta.copy()
    *places, (_, last_share) = zip(_places(rows, k), _places(grad, k), strict=True)
    for number, share in places:
        np.multiply(owed, number == largest, out=share)
        owed -= share  # whoever comes later finds nothing
    last_share[...] = owed
    return grad


def _empty_gradient(shape: tuple[int, ...], k: int, dtype: npt.DTypeLike) -> Array:
    """Return a gradient (H, C, W, N) to be filled in, but for what lies in no window: zeros."""
    grad = np.empty(shape, dtype)
    grad[shape[0] // k * k :] = 0
    grad[:, :, shape[2] // k * k :] = 0
    return grad


def _mean(rows: Array, k: int) -> Array:
    out = _reduce(rows, k, np.add)
    out /= k * k
    return out


def _mean_gradient(delta: Array, size: Sequence[int], k: int) -> Array:
    shape = (size[0], delta.shape[1], size[1], delta.shape[3])
    grad = _empty_gradient(shape, k, delta.dtype)
    part = delta / (k * k)
    for share in _places(grad, k):
        share[...] = part
    return grad


class _Pool2D(Layer):
    """Windows of ``k`` by ``k``, side by side."""

    def __init__(self, k: int) -> None:
        self.k = _arguments.count("k", k)

    def out_shape(self, in_shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return (C, H // k, W // k); raise ValueError if ``in_shape`` is not (C, H, W)."""
        if len(in_shape) != 3:
            raise ValueError(f"expected inputs of shape (C, H, W), got {in_shape}")
        return (in_shape[0], *output_size("k", (self.k, self.k), in_shape[1:], self.k))


class MaxPool2D(_Pool2D):
    """The largest number of every k by k window.

    Parameters
    ----------
    k
        Height and width of the windows, and the step between them.

    Attributes
    ----------
    x, y
        Input and output of the last pass.

    Raises
    ------
    TypeError, ValueError
        If ``k`` is not a positive integer.
    """

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return the output (N, C, H // k, W // k) for images ``x`` (N, C, H, W)."""
        rows = to_rows(x)
        self.x, self.y = from_rows(rows), from_rows(_reduce(rows, self.k, np.maximum))
        return self.y

    def backward(self, grad_y: Array, need_dx: bool = True) -> Array | None:
        """Return the gradient at the input: each window's at the first of its largest numbers."""
        if not need_dx:
            return None
        grad, x, y = (to_rows(images) for images in (grad_y, self.x, self.y))
        return from_rows(_max_gradient(grad, x, y, self.k))


class AveragePool2D(_Pool2D):
    """The mean of every k by k window.

    Parameters
    ----------
    k
        Height and width of the windows, and the step between them.

    Raises
    ------
    TypeError, ValueError
        If ``k`` is not a positive integer.
    """

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return the output (N, C, H // k, W // k) for images ``x`` (N, C, H, W)."""
        self.size = x.shape[2:]
        return from_rows(_mean(to_rows(x), self.k))

    def backward(self, grad_y: Array, need_dx: bool = True) -> Array | None:
        """Return the gradient at the input: each window's in equal parts."""
        return from_rows(_mean_gradient(to_rows(grad_y), self.size, self.k)) if need_dx else None
