"""Images in every order in memory, for the tests of layers that work on them."""

import numpy as np


def _every_second(x):
    wide = np.full((*x.shape[:3], 2 * x.shape[3]), np.nan, x.dtype)
    wide[..., ::2] = x
    return wide[..., ::2]


# By name: images (N, C, H, W) -> equal images that lie otherwise in memory.
MEMORY_ORDERS = {
    "C": np.ascontiguousarray,
    "Fortran": np.asfortranarray,
    "batch innermost, by channel": lambda x: x.transpose(1, 2, 3, 0).copy().transpose(3, 0, 1, 2),
    "batch innermost, by row": lambda x: x.transpose(2, 1, 3, 0).copy().transpose(3, 1, 0, 2),
    "channels innermost": lambda x: x.transpose(0, 2, 3, 1).copy().transpose(0, 3, 1, 2),
    "every second number": _every_second,
    "backwards": lambda x: x[::-1, :, ::-1].copy()[::-1, :, ::-1],
}
