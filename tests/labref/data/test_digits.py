"""scikit-learn's digits."""

import sys

import numpy as np
import pytest

from labref.data import load_digits


def test_the_digits_are_1797_images_of_8_by_8_in_ten_classes():
    digits = load_digits()
    assert digits.images.shape == (1797, 8, 8)
    assert digits.x.dtype == np.float64
    assert (digits.x.min(), digits.x.max()) == (0, 1)
    np.testing.assert_array_equal(np.unique(digits.labels), np.arange(10))
    assert digits.labels.dtype == np.intp


def test_pixels_are_sixteenths_and_belong_to_their_labels():
    digits = load_digits()
    np.testing.assert_array_equal(digits.x * 16, np.round(digits.x * 16))
    assert digits.labels[:10].tolist() == list(range(10))
    zero, one = digits.images[0], digits.images[1]
    assert zero[3:5, 3:5].sum() < 0.2  # a hole in the middle
    assert one[3:5, 3:5].sum() > 3  # a stroke


def test_without_scikit_learn_the_error_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'labref\[data\]'"):
        load_digits()
