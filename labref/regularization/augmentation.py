"""Augmentation: more training images from those there are.

An ``Augment`` changes a batch at random: ``augment(x, rng) -> x``. ``train`` takes one::

    augment = compose(
        random_warp(rotation=10, scaling=0.1, shift=2, image_shape=(28, 28)),
        gaussian_noise(0.1),
    )
    train(network, x, labels, augment=augment, ...)
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from labref import _arguments
from labref._arguments import Array
from labref.pretraining.corruption import gaussian_corrupt, mask_corrupt

Augment = Callable[[Array, np.random.Generator], Array]


def shift_image(img: npt.ArrayLike, dy: int, dx: int) -> Array:
    """Move an image by whole pixels; zeros come in at the edges.

    Parameters
    ----------
    img
        The image, shape (H, W); or several, shape (..., H, W).
    dy, dx
        How far to move it down and to the right; negative for up and left.

    Returns
    -------
    Array
        Like ``img``: the pixel at (y, x) comes from (y - dy, x - dx).

    Raises
    ------
    TypeError, ValueError
        If ``img`` is not finite real numbers with two axes at least, or a distance no integer.

    Notes
    -----
    Equation: eq-shift.
    """
    img = _arguments.floats("img", img)
    if img.ndim < 2 or img.size == 0:
        raise ValueError(f"img: expected shape (..., H, W), got {img.shape}")
    shifted = np.zeros_like(img)
    to_y, from_y = _overlap("dy", dy, img.shape[-2])
    to_x, from_x = _overlap("dx", dx, img.shape[-1])
    shifted[..., to_y, to_x] = img[..., from_y, from_x]
    return shifted


def _overlap(name: str, distance: int, size: int) -> tuple[slice, slice]:
    """Return the slices of an axis that hold what stays in the image: after and before."""
    if isinstance(distance, bool) or not isinstance(distance, int | np.integer):
        raise TypeError(f"{name}: expected an integer, got {type(distance).__name__}")
    d = max(-size, min(size, int(distance)))
    return slice(max(d, 0), size + min(d, 0)), slice(max(-d, 0), size - max(d, 0))


def warp_images(
    images: npt.ArrayLike, angles: npt.ArrayLike, factors: npt.ArrayLike, shifts: npt.ArrayLike
) -> Array:
    """Rotate and scale each image about its centre, then shift it, with bilinear interpolation.

    Parameters
    ----------
    images
        Images, shape (N, C, H, W).
    angles
        Counter-clockwise rotation of each, in degrees, shape (N,).
    factors
        Magnification of each, positive, shape (N,).
    shifts
        Distance of each down and to the right, in pixels and fractions, shape (N, 2).

    Returns
    -------
    Array
        Like ``images``. Outside the images there is 0.

    Raises
    ------
    TypeError, ValueError
        If an argument is not finite real numbers of that shape, or a factor is not positive.

    Notes
    -----
    Equation: eq-warp.
    """
    images = _arguments.floats("images", images, shape=("N", "C", "H", "W"))
    n, _, height, width = images.shape
    angles = np.deg2rad(_arguments.floats("angles", angles, shape=(n,)))
    factors = _arguments.floats("factors", factors, shape=(n,))
    shifts = _arguments.floats("shifts", shifts, shape=(n, 2))
    if factors.min() <= 0:
        raise ValueError(f"factors: expected positive numbers, got {factors.min()}")

    # Where each pixel comes from, by the inverse map; the centre of the image is the origin.
    middle = np.array([height - 1, width - 1]) / 2
    y, x = np.indices((height, width)).reshape(2, 1, -1) - middle[:, None, None]
    y, x = y - shifts[:, :1], x - shifts[:, 1:]
    cos, sin = np.cos(angles) / factors, np.sin(angles) / factors
    from_y = cos[:, None] * y + sin[:, None] * x + middle[0]
    from_x = cos[:, None] * x - sin[:, None] * y + middle[1]
    return _bilinear(images, from_y, from_x)


def _bilinear(images: Array, y: Array, x: Array) -> Array:
    """Return the images (N, C, H, W) read at the points ``y``, ``x`` (N, H*W)."""
    n, channels, height, width = images.shape
    padded = np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1)))  # with the zeros outside
    starts = np.arange(n * channels).reshape(n, channels, 1) * padded[0, 0].size
    top, left = np.floor(y), np.floor(x)
    down, right = (y - top).astype(images.dtype), (x - left).astype(images.dtype)
    top, left = top.astype(np.intp) + 1, left.astype(np.intp) + 1
    result = np.zeros((n, channels, height * width), images.dtype)
    for row, weight_y in ((top, 1 - down), (top + 1, down)):
        row_starts = row.clip(0, height + 1) * (width + 2)
        for column, weight_x in ((left, 1 - right), (left + 1, right)):
            pixels = row_starts + column.clip(0, width + 1)
            corner = padded.take(starts + pixels[:, None])
            result += (weight_y * weight_x)[:, None] * corner
    return result.reshape(images.shape)


def random_warp(
    rotation: float = 0.0,
    scaling: float = 0.0,
    shift: float = 0.0,
    image_shape: tuple[int, int] | None = None,
) -> Augment:
    """Make a function that rotates, scales and shifts each image of a batch at random.

    Parameters
    ----------
    rotation
        Largest angle in degrees; angles are uniform between it and its negative.
    scaling
        Largest relative change in size, in [0, 1); factors are uniform around 1.
    shift
        Largest distance in pixels, uniform along both axes.
    image_shape
        (H, W), if images come as rows (N, C*H*W); not needed for (N, C, H, W) and (N, H, W).

    Returns
    -------
    Augment
        Interpolates once for all three, see ``warp_images``.

    Raises
    ------
    TypeError, ValueError
        If a number is negative or ``scaling`` not below 1. The function itself: if its batch does
        not hold such images.
    """
    rotation = _arguments.number("rotation", rotation, "[0, inf)")
    scaling = _arguments.number("scaling", scaling, "[0, 1)")
    shift = _arguments.number("shift", shift, "[0, inf)")
    if image_shape is not None:
        if len(image_shape) != 2:
            raise ValueError(f"image_shape: expected (H, W), got {image_shape}")
        for size in image_shape:
            _arguments.count("image_shape", size)

    def augment(x: Array, rng: np.random.Generator) -> Array:
        images = _as_images(x, image_shape)
        n = len(images)
        angles = rng.uniform(-rotation, rotation, n)
        factors = rng.uniform(1 - scaling, 1 + scaling, n)
        shifts = rng.uniform(-shift, shift, (n, 2))
        return warp_images(images, angles, factors, shifts).reshape(x.shape)

    return augment


def _as_images(x: Array, image_shape: tuple[int, int] | None) -> Array:
    """Return ``x`` as images (N, C, H, W)."""
    if x.ndim == 4:
        return x
    if x.ndim == 3:
        return x[:, None]
    if x.ndim != 2 or image_shape is None:
        raise ValueError(f"x: expected images, or rows and an image_shape, got shape {x.shape}")
    if x.shape[1] % (image_shape[0] * image_shape[1]):
        raise ValueError(f"x: expected rows of images {image_shape}, got shape {x.shape}")
    return x.reshape(len(x), -1, *image_shape)


def gaussian_noise(sigma: float) -> Augment:
    """Make a function that adds noise from N(0, sigma^2) to each entry of a batch.

    Raises
    ------
    TypeError, ValueError
        If ``sigma`` is not a number of at least 0.
    """
    sigma = _arguments.number("sigma", sigma, "[0, inf)")
    return lambda x, rng: gaussian_corrupt(x, sigma, rng)


def dropped_pixels(p: float) -> Augment:
    """Make a function that sets each entry of a batch to 0 with probability ``p``.

    Raises
    ------
    TypeError, ValueError
        If ``p`` is not a number in [0, 1].
    """
    p = _arguments.number("p", p, "[0, 1]")
    return lambda x, rng: mask_corrupt(x, p, rng)


def compose(*augments: Augment) -> Augment:
    """Make a function that applies these one after the other."""

    def augment(x: Array, rng: np.random.Generator) -> Array:
        for step in augments:
            x = step(x, rng)
        return x

    return augment
