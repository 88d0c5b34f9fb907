"""Dropout: as two plain functions, and as a layer."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from labref import _arguments
from labref._arguments import Array
from labref.layers.layer import Layer

Mask = npt.NDArray[np.bool_]


def dropout_forward(x: npt.ArrayLike, keep: float, rng: np.random.Generator) -> tuple[Array, Mask]:
    """Set units to 0 at random, each with probability 1 - keep, and divide the rest by keep.

    Parameters
    ----------
    x
        Outputs of units, batch first, shape (N, ...).
    keep
        Probability of keeping a unit, in (0, 1].
    rng
        Source of the mask. Every unit of every example is drawn on its own.

    Returns
    -------
    out, mask
        Both like ``x``: x * mask / keep, whose expectation is ``x``; and True where a unit is kept.

    Raises
    ------
    TypeError, ValueError
        If ``x`` is not finite real numbers, ``keep`` is outside (0, 1] or ``rng`` no Generator.

    Notes
    -----
    Equations: eq-dropout-forward, eq-dropout-mean.
    Dividing by ``keep`` here ("inverted" scaling) leaves nothing to do at test time. The first
    version of dropout did not divide, and at test time multiplied the units by ``keep``: see
    ``Dropout``. Deck C scales "by p" with p the probability of dropping, which is right at 0.5
    only. Deck D draws the units anew "in each epoch" and scales biases too: it should be for each
    example, and biases stay as they are.
    Source: Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov (2014).
    """
    x = _arguments.floats("x", x)
    keep = _arguments.number("keep", keep, "(0, 1]")
    mask = _draw_mask(x.shape, keep, _arguments.generator("rng", rng))
    return x * mask / keep, mask


def dropout_backward(delta: npt.ArrayLike, mask: npt.ArrayLike, keep: float) -> Array:
    """Gradient at the input of dropout: delta * mask / keep.

    Parameters
    ----------
    delta
        Gradient of the loss at the output, shape (N, ...).
    mask
        The mask of the forward pass, True or 1 where a unit was kept, shaped like ``delta``.
    keep
        Probability of keeping a unit, in (0, 1].

    Returns
    -------
    Array
        Like ``delta``; 0 where a unit was dropped.

    Raises
    ------
    TypeError, ValueError
        If ``delta`` is not finite real numbers, ``mask`` does not hold as many zeros and ones, or
        ``keep`` is outside (0, 1].

    Notes
    -----
    Equation: eq-dropout-backward.
    Deck C gives the mask in the forward pass only.
    """
    delta = _arguments.floats("delta", delta)
    mask = _check_mask(mask, delta.shape)
    keep = _arguments.number("keep", keep, "(0, 1]")
    return delta * mask / keep


def _check_mask(mask: npt.ArrayLike, shape: tuple[int, ...]) -> Mask:
    """Return ``mask`` as booleans; raise ValueError unless it is zeros and ones of that shape."""
    array = np.asarray(mask)
    _arguments.check_shape("mask", array, shape)
    if not np.isin(array, (0, 1)).all():
        raise ValueError("mask: expected zeros and ones, got other values")
    return array.astype(bool)


def _draw_mask(shape: tuple[int, ...], keep: float, rng: np.random.Generator) -> Mask:
    """Return True with probability ``keep``, False otherwise, each entry on its own."""
    mask: Mask = rng.random(shape, dtype=np.float32) < keep
    return mask


def _scaled_mask(
    shape: tuple[int, ...], keep: float, rng: np.random.Generator, dtype: np.dtype[Any]
) -> Array:
    """Return 1 / keep with probability ``keep``, 0 otherwise, each entry on its own."""
    return _draw_mask(shape, keep, rng).astype(dtype) / keep


class Dropout(Layer):
    """Dropout: in training, units are set to 0 at random; otherwise all are there.

    Parameters
    ----------
    keep
        Probability of keeping a unit, in (0, 1].
    rng
        Source of the masks: a new one in each training pass, for every example on its own.
    inverted
        Where the scale is put right. If true, kept units are divided by ``keep`` in training. If
        not, all units are multiplied by ``keep`` at test time. The expected input of the next layer
        is then the same in training and at test time, either way.

    Attributes
    ----------
    mask
        What the last pass multiplied its input by: an array like it, or a number at test time.

    Raises
    ------
    TypeError, ValueError
        If ``keep`` is outside (0, 1] or ``rng`` is no Generator.

    Notes
    -----
    Equations: eq-dropout-forward, eq-dropout-backward, eq-dropout-scaling.
    Put it between layers: not on the output, and seldom on the input.
    Source: Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov (2014).
    """

    def __init__(self, keep: float, rng: np.random.Generator, inverted: bool = True) -> None:
        self.keep = _arguments.number("keep", keep, "(0, 1]")
        self.rng = _arguments.generator("rng", rng)
        self.inverted = inverted
        self.mask: Array | float = 1.0

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return ``x`` times a new mask in training, ``x`` (scaled or not) otherwise."""
        if training and self.inverted:
            self.mask = _scaled_mask(x.shape, self.keep, self.rng, x.dtype)
        elif training:
            self.mask = _draw_mask(x.shape, self.keep, self.rng).astype(x.dtype)
        else:
            self.mask = 1.0 if self.inverted else self.keep
        return x * self.mask

    def backward(self, grad_y: Array, need_dx: bool = True) -> Array | None:
        """Return the gradient at the input: what was dropped gets none."""
        return grad_y * self.mask if need_dx else None
