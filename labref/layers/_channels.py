"""Arithmetic channel by channel, fast in whatever order a batch lies in memory."""

from __future__ import annotations

from math import gcd, prod

import numpy as np

from labref._arguments import Array
from labref._arrays import ones

_LONG = 16384  # numbers


class Channels:
    """A way to look at batches (N, C) or (N, C, H, W) of one shape and memory order by channel.

    The axes are taken from the slowest to the fastest in memory, and those before and after the
    channels are each made one: (before, C, after). NumPy is slow at many short loops, so that
    elementwise work is done on blocks: (C, after) if there is nothing before, else long rows of
    several times C * after numbers.

    Parameters
    ----------
    x
        A batch that shows shape and memory order.

    Attributes
    ----------
    shape
        Of a batch.
    n
        How many values each channel has.
    """

    def __init__(self, x: Array) -> None:
        self.shape = x.shape
        self._axes = sorted(range(x.ndim), key=lambda axis: -abs(x.strides[axis]))
        self._in_memory = [x.shape[axis] for axis in self._axes]
        where = self._axes.index(1)
        before, after = prod(self._in_memory[:where]), prod(self._in_memory[where + 1 :])
        c = x.shape[1]
        self.n: int = before * after
        times = max(1, _LONG // (c * after))
        self._repeats = gcd(before, 1 << (times.bit_length() - 1))
        self._row = (self._repeats, c, after)
        self._before, self._after = before, after
        self._blocks = (c, after) if before == 1 else (before // self._repeats, prod(self._row))

    def blocks(self, x: Array) -> Array:
        """Return a batch as blocks; a copy only if its memory order is not the expected one."""
        return np.ascontiguousarray(x.transpose(self._axes)).reshape(self._blocks)

    def batch(self, blocks: Array) -> Array:
        """Return blocks as a batch, in the memory order expected."""
        return blocks.reshape(self._in_memory).transpose(np.argsort(self._axes))

    def spread(self, values: Array) -> Array:
        """Return values per channel (C,) in a shape that broadcasts against blocks."""
        if self._before == 1:
            return values[:, None]
        return np.broadcast_to(values[:, None], self._row).reshape(-1)

    def sums(self, blocks: Array) -> Array:
        """Return the sum of each channel, shape (C,)."""
        rows = blocks.reshape(-1, self._repeats * self.shape[1], self._after)
        if self._after == 1:
            return self._collect(rows[:, :, 0].sum(axis=0))
        return self._collect(np.vecdot(rows, ones(self._after, rows.dtype)))

    def dots(self, a: Array, b: Array) -> Array:
        """Return the dot product of two batches in each channel, shape (C,)."""
        a, b = (v.reshape(-1, self._repeats * self.shape[1], self._after) for v in (a, b))
        if self._after == 1:
            return self._collect(np.einsum("nc,nc->c", a[:, :, 0], b[:, :, 0]))
        return self._collect(np.vecdot(a, b))

    def _collect(self, sums: Array) -> Array:
        """Add up what belongs to one channel."""
        total: Array = sums.reshape(-1, self.shape[1]).sum(axis=0)
        return total
