"""Images with labels, and splitting them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from labref import _arguments
from labref._arguments import Array


@dataclass(frozen=True)
class Dataset:
    """Images as rows, with their labels.

    Attributes
    ----------
    x
        Pixels between 0 and 1, shape (N, height * width).
    labels
        Classes, integers of shape (N,).
    image_shape
        (height, width).
    """

    x: Array
    labels: npt.NDArray[np.intp]
    image_shape: tuple[int, int]

    def __len__(self) -> int:
        """Return the number of images."""
        return len(self.x)

    def __getitem__(self, rows: slice | npt.NDArray[np.intp]) -> Dataset:
        """Return the images that a slice or an array of indices picks."""
        return Dataset(self.x[rows], self.labels[rows], self.image_shape)

    @property
    def images(self) -> Array:
        """The pixels as images, shape (N, height, width)."""
        return self.x.reshape(-1, *self.image_shape)


def train_val_test_split(
    n: int, fractions: Sequence[float], rng: np.random.Generator
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Shuffle 0 .. n-1 and cut it into three disjoint arrays of indices.

    Parameters
    ----------
    n
        How many examples there are.
    fractions
        Shares of the training, validation and test part; they add to 1. The first two sizes are
        rounded, the test part is the rest.
    rng
        Source of the shuffle.

    Returns
    -------
    train, validation, test
        Arrays of indices that together hold each of 0 .. n-1 once.

    Raises
    ------
    TypeError, ValueError
        If ``n`` is not a positive integer or ``fractions`` not three shares that add to 1.
    """
    n = _arguments.count("n", n)
    shares = _arguments.floats("fractions", list(fractions), shape=(3,))
    if shares.min() < 0 or abs(shares.sum() - 1) > 1e-9:
        raise ValueError(f"fractions: expected three shares that add to 1, got {list(fractions)}")
    order = _arguments.generator("rng", rng).permutation(n)
    n_train, n_val = round(n * float(shares[0])), round(n * float(shares[1]))
    return order[:n_train], order[n_train : n_train + n_val], order[n_train + n_val :]
