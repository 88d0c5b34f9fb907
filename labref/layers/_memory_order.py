"""The order in which image layers keep images in memory: row, channel, column, image of the batch.

Between layers, images are arrays of shape (N, C, H, W), whatever their order in memory. Inside,
convolution and pooling work on the same numbers as contiguous arrays of shape (H, C, W, N), called
``rows`` here, and hand on transposed views of such arrays. NumPy's elementwise functions keep an
array's order, so that the next layer finds its input as it wants it, and nothing is copied.

The batch is innermost because all images are treated alike: whatever a layer does at one position
is one long run of numbers, even with stride 2. The row is outermost because the rows that a filter
sees at a time are then one block of memory, so that a product can take them as they lie.
"""

from __future__ import annotations

import numpy as np

from labref._arguments import Array

# Images transposed at a time: a cache line of numbers. Of many more, those that lie a power of two
# apart would push each other out of the cache.
_IMAGES = 16


def to_rows(images: Array) -> Array:
    """Return ``images`` (N, C, H, W) as a contiguous array (H, C, W, N); copy if need be."""
    rows = images.transpose(2, 1, 3, 0)
    if rows.flags.c_contiguous:
        return rows
    copy = np.empty(rows.shape, rows.dtype)
    for start in range(0, len(images), _IMAGES):
        some = slice(start, start + _IMAGES)
        copy[..., some] = rows[..., some]
    return copy


def from_rows(rows: Array) -> Array:
    """Return ``rows`` (H, C, W, N) as images (N, C, H, W): a view."""
    return rows.transpose(3, 1, 0, 2)
