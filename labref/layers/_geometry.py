"""Sizes of filters, windows and what they give, checked at the border of the package."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from labref import _arguments


def pair(name: str, value: int | tuple[int, int]) -> tuple[int, int]:
    """Return ``value`` as (height, width): two positive integers, or one for both."""
    if isinstance(value, tuple | list):
        if len(value) != 2:
            raise ValueError(f"{name}: expected an integer or (height, width), got {value}")
        return _arguments.count(name, value[0]), _arguments.count(name, value[1])
    size = _arguments.count(name, value)
    return size, size


def padding(value: int) -> int:
    """Return ``value`` if it is an integer of at least zero."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError(f"pad: expected an integer, got {type(value).__name__}")
    if value < 0:
        raise ValueError(f"pad: expected at least 0, got {value}")
    return int(value)


def image_shape(name: str, shape: Sequence[int]) -> tuple[int, int, int, int]:
    """Return ``shape`` as (N, C, H, W), four positive integers."""
    sizes = tuple(_arguments.count(name, size) for size in shape)
    if len(sizes) != 4:
        raise ValueError(f"{name}: expected (N, C, H, W), got {sizes}")
    return sizes


def output_size(
    name: str, kernel: Sequence[int], size: Sequence[int], stride: int = 1, pad: int = 0
) -> tuple[int, int]:
    """Return how many positions a window has along both axes of an image, rounded down.

    Parameters
    ----------
    name
        What the window is called, for the error message.
    kernel
        Its height and width.
    size
        The image's height and width.
    stride, pad
        Step between positions, and zeros added on each side.

    Raises
    ------
    ValueError
        If the window is larger than the padded image.
    """
    height, width = size[0] + 2 * pad, size[1] + 2 * pad
    if kernel[0] > height or kernel[1] > width:
        padded = "padded " if pad else ""
        raise ValueError(
            f"{name}: expected at most the size of the {padded}image, ({height}, {width}), "
            f"got ({kernel[0]}, {kernel[1]})"
        )
    return (height - kernel[0]) // stride + 1, (width - kernel[1]) // stride + 1
