"""The small digits: 1,797 images of 8 x 8 pixels, shipped with scikit-learn."""

from __future__ import annotations

import numpy as np

from labref.data.dataset import Dataset


def load_digits() -> Dataset:
    """Return scikit-learn's handwritten digits: 1,797 images of 8 x 8 pixels in ten classes.

    No download: the data are inside the scikit-learn package. Pixels are scaled from 0..16 to
    0..1, float64.

    Raises
    ------
    ModuleNotFoundError
        If scikit-learn is not installed; the message says how to install it.
    """
    try:
        from sklearn import datasets
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            "the digits come with scikit-learn: pip install 'labref[data]'"
        ) from None
    digits = datasets.load_digits()
    return Dataset(digits.data / 16, digits.target.astype(np.intp), (8, 8))
