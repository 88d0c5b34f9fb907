"""Cross-correlation of images, and its two gradients, as matrix products.

``lower`` copies an image row once for each column of the filter, shifted, so that what a filter
row needs for all output columns lies in one matrix. The lowered rows under the filter are then one
block of memory, and each output row is one product of the filters with it. Both gradients are
products with the same blocks. Images are contiguous arrays (H, C, W, N): see ``_memory_order``.

Source: Cho and Brand (2017), MEC: memory-efficient convolution.
"""

from __future__ import annotations

import numpy as np

from labref._arguments import Array
from labref._arrays import ones
from labref.layers._geometry import output_size


def correlate(rows: Array, w: Array, b: Array, stride: int, pad: int) -> Array:
    """Return the cross-correlation of ``rows`` with filters, plus bias: (H', C_out, W', N)."""
    height, _, width, n = rows.shape
    n_filters, _, kh, kw = w.shape
    filters = w.transpose(0, 2, 3, 1).reshape(n_filters, kh, -1)
    out_height, out_width = output_size("w", (kh, kw), (height, width), stride, pad)
    length = out_width * n
    lowered = lower(rows, kw, out_width, stride, pad)
    bias = _bias_rows(b, out_height, length, n)
    out = np.empty((out_height, n_filters, length), rows.dtype)
    for y in range(out_height):
        seen, used = _under_filter(y, height, kh, stride, pad)
        block = lowered[seen].reshape(-1, length)
        np.dot(filters[:, used].reshape(n_filters, -1), block, out=out[y])
        out[y] += bias[y]  # while they are in the cache
    return out.reshape(out_height, n_filters, out_width, n)


def _bias_rows(b: Array, out_height: int, length: int, n: int) -> Array:
    """Return the bias of every number in the output's rows, (H', C_out, W'*N)."""
    if b.ndim == 1:
        row = np.repeat(b, length).reshape(-1, length)
        return np.broadcast_to(row, (out_height, *row.shape))
    return np.repeat(b.transpose(1, 0, 2), n, axis=2)


def bias_gradient(delta: Array) -> Array:
    """Return the gradient of tied biases, (C_out,)."""
    flat = delta.reshape(*delta.shape[:2], -1)
    sums: Array = flat @ ones(flat.shape[2], flat.dtype)
    return np.asarray(sums.sum(axis=0))


def filter_gradient(
    delta: Array, rows: Array, kernel: tuple[int, int], stride: int, pad: int
) -> Array:
    """Return the gradient (C_out, C, kh, kw), given ``delta`` (H', C_out, W', N)."""
    height, channels, _, _ = rows.shape
    (out_height, n_filters, out_width, _), (kh, kw) = delta.shape, kernel
    lowered = lower(rows, kw, out_width, stride, pad)
    delta = delta.reshape(out_height, n_filters, -1)
    dw = np.zeros((kh, kw * channels, n_filters), rows.dtype)
    for y in range(out_height):
        seen, used = _under_filter(y, height, kh, stride, pad)
        block = lowered[seen].reshape(-1, lowered.shape[2])
        dw[used] += np.dot(block, delta[y].T).reshape(-1, *dw.shape[1:])
    return dw.reshape(kh, kw, channels, n_filters).transpose(3, 2, 0, 1)


def input_gradient(delta: Array, w: Array, size: tuple[int, int], stride: int, pad: int) -> Array:
    """Return the gradient (H, C, W, N) for images of ``size`` (H, W)."""
    (out_height, n_filters, out_width, n), (height, width) = delta.shape, size
    _, channels, kh, kw = w.shape
    filters = w.transpose(2, 3, 1, 0).reshape(-1, n_filters)
    delta = delta.reshape(out_height, n_filters, -1)
    block = np.empty((kh, kw * channels, out_width * n), delta.dtype)
    lowered = np.zeros((height, *block.shape[1:]), delta.dtype)
    for y in range(out_height):
        seen, used = _under_filter(y, height, kh, stride, pad)
        np.dot(filters, delta[y], out=block.reshape(len(filters), -1))
        lowered[seen] += block[used]
    return lower_adjoint(lowered.reshape(height, kw, channels, out_width, n), width, stride, pad)


def lower(rows: Array, kw: int, out_width: int, stride: int, pad: int) -> Array:
    """Return (H, kw*C, W'*N): for each column of the filter, what it reads at each position."""
    height, channels, width, n = rows.shape
    lowered = np.empty((height, kw, channels, out_width, n), rows.dtype)
    for kx in range(kw):
        inside, read = _along_row(kx, width, out_width, stride, pad)
        lowered[:, kx, :, : inside.start] = 0
        lowered[:, kx, :, inside] = rows[:, :, read]
        lowered[:, kx, :, inside.stop :] = 0
    return lowered.reshape(height, kw * channels, out_width * n)


def lower_adjoint(lowered: Array, width: int, stride: int, pad: int) -> Array:
    """Add each number of ``lowered`` (H, kw, C, W', N) to where ``lower`` had read it."""
    height, kw, channels, out_width, n = lowered.shape
    rows = np.zeros((height, channels, width, n), lowered.dtype)
    for kx in range(kw):
        inside, read = _along_row(kx, width, out_width, stride, pad)
        rows[:, :, read] += lowered[:, kx, :, inside]
    return rows


def _under_filter(y: int, height: int, kh: int, stride: int, pad: int) -> tuple[slice, slice]:
    """Return the image rows under a filter at output row ``y``, and the filter rows over them."""
    top = y * stride - pad
    first = min(max(top, 0), height)
    stop = max(first, min(top + kh, height))
    return slice(first, stop), slice(first - top, stop - top)


def _along_row(kx: int, width: int, out_width: int, stride: int, pad: int) -> tuple[slice, slice]:
    """Return the output columns whose filter column ``kx`` is over the image, and what it reads."""
    first = max(0, -((kx - pad) // stride))
    stop = max(first, min(out_width, (width - 1 - kx + pad) // stride + 1))
    start = first * stride + kx - pad
    return slice(first, stop), slice(start, start + (stop - first) * stride, stride)
