"""im2col and col2im: a convolution as one product with a matrix of image patches.

``conv2d_forward`` does not use them: it multiplies row by row, which takes less memory and is
faster. They give the same numbers (see the Notes of ``im2col``).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from labref import _arguments
from labref._arguments import Array
from labref.layers._geometry import image_shape, output_size, padding, pair


def im2col(x: npt.ArrayLike, k: int | tuple[int, int], stride: int = 1, pad: int = 0) -> Array:
    """Return the patch under a filter at every position, one patch per row.

    Parameters
    ----------
    x
        Images, shape (N, C, H, W).
    k
        Height and width of the patches, or one number for both.
    stride
        Step between positions, along both axes.
    pad
        Zeros added on each of the four sides.

    Returns
    -------
    Array
        Shape (N*H'*W', C*kh*kw), a copy. Rows are in n, y, x order, columns in c, ky, kx order;
        H' = (H + 2 pad - kh) // stride + 1, and W' likewise.

    Raises
    ------
    TypeError, ValueError
        If an argument does not fit, such as a patch larger than the padded image.

    Notes
    -----
    Equations: eq-im2col, eq-im2col-forward.
    ``im2col(x, (kh, kw)) @ w.reshape(C_out, -1).T`` has what ``conv2d_forward`` returns without a
    bias, in rows: one per position, one column per filter.
    Source: Chellapilla, Puri and Simard (2006).
    """
    x = _arguments.floats("x", x, shape=("N", "C", "H", "W"))
    kh, kw = pair("k", k)
    stride, pad = _arguments.count("stride", stride), padding(pad)
    output_size("k", (kh, kw), x.shape[2:], stride, pad)
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    patches = sliding_window_view(padded, (kh, kw), axis=(2, 3))[:, :, ::stride, ::stride]
    n, channels, height, width = patches.shape[:4]
    by_position = patches.transpose(0, 2, 3, 1, 4, 5).copy()
    return by_position.reshape(n * height * width, channels * kh * kw)


def col2im(
    cols: npt.ArrayLike,
    x_shape: Sequence[int],
    k: int | tuple[int, int],
    stride: int = 1,
    pad: int = 0,
) -> Array:
    """Add every patch to where ``im2col`` had read it: the adjoint of ``im2col``.

    Parameters
    ----------
    cols
        Patches, shape (N*H'*W', C*kh*kw), in the order of ``im2col``.
    x_shape
        Shape of the images, (N, C, H, W).
    k, stride, pad
        As given to ``im2col``.

    Returns
    -------
    Array
        Shape ``x_shape``. Where patches overlap they are summed, so this is the gradient at the
        images, given the gradient at the patches, and not the inverse of ``im2col``.

    Raises
    ------
    TypeError, ValueError
        If an argument does not fit.

    Notes
    -----
    Equations: eq-col2im, eq-im2col-backward.
    """
    n, channels, height, width = image_shape("x_shape", x_shape)
    kh, kw = pair("k", k)
    stride, pad = _arguments.count("stride", stride), padding(pad)
    out_height, out_width = output_size("k", (kh, kw), (height, width), stride, pad)
    shape = (n * out_height * out_width, channels * kh * kw)
    patches = _arguments.floats("cols", cols, shape=shape).reshape(
        n, out_height, out_width, channels, kh, kw
    )
    padded = np.zeros((n, channels, height + 2 * pad, width + 2 * pad), patches.dtype)
    for ky in range(kh):
        for kx in range(kw):
            rows = slice(ky, ky + stride * out_height, stride)
            columns = slice(kx, kx + stride * out_width, stride)
            padded[:, :, rows, columns] += patches[..., ky, kx].transpose(0, 3, 1, 2)
    return padded[:, :, pad : pad + height, pad : pad + width].copy()
