"""Corruption of inputs: how much, how, and that the inputs stay as they are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from labref.pretraining.corruption import gaussian_corrupt, mask_corrupt

both = pytest.mark.parametrize("corrupt", [mask_corrupt, gaussian_corrupt])


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.equation("eq-mask-corrupt")
@given(shape=st.lists(st.integers(1, 4), max_size=4), p=st.floats(0, 1))
def test_masked_entries_are_zero_and_the_others_as_they_were(shape, p):
    x = rng().standard_normal(shape)
    y = mask_corrupt(x, p, rng(1))
    assert y.shape == x.shape
    assert ((y == 0) | (y == x)).all()
    assert not np.signbit(y[y == 0]).any()


@pytest.mark.equation("eq-mask-corrupt")
def test_about_a_fraction_p_is_masked_independently():
    x = np.ones((200, 100))
    masked = mask_corrupt(x, 0.3, rng()) == 0
    assert masked.mean() == pytest.approx(0.3, abs=5 * np.sqrt(0.21 / x.size))
    assert masked.mean(axis=0).std() == pytest.approx(np.sqrt(0.21 / 200), rel=0.25)
    assert masked.mean(axis=1).std() == pytest.approx(np.sqrt(0.21 / 100), rel=0.25)


def test_p_of_zero_masks_nothing_and_of_one_everything():
    x = rng().standard_normal((5, 4))
    np.testing.assert_array_equal(mask_corrupt(x, 0, rng()), x)
    np.testing.assert_array_equal(mask_corrupt(x, 1, rng()), np.zeros_like(x))


@pytest.mark.equation("eq-gaussian-corrupt")
def test_gaussian_noise_is_normal_with_standard_deviation_sigma():
    x = rng().uniform(size=(100, 50))
    noise = (gaussian_corrupt(x, 0.5, rng(1)) - x) / 0.5
    assert stats.kstest(noise.ravel(), "norm").pvalue > 0.01
    assert abs(np.corrcoef(noise.ravel(), x.ravel())[0, 1]) < 0.05
    np.testing.assert_array_equal(gaussian_corrupt(x, 0, rng()), x)


@both
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_and_inputs_are_kept_and_the_seed_decides(corrupt, dtype):
    x = rng().standard_normal((6, 5)).astype(dtype)
    before = x.copy()
    y = corrupt(x, 0.5, rng(1))
    assert y.dtype == dtype
    assert not np.shares_memory(x, y)
    np.testing.assert_array_equal(corrupt(x, 0.5, rng(1)), y)
    assert (corrupt(x, 0.5, rng(2)) != y).any()
    np.testing.assert_array_equal(x, before)


@both
def test_nothing_is_corrupted_in_place_even_if_nothing_changes(corrupt):
    x = np.ones(3)
    assert not np.shares_memory(corrupt(x, 0, rng()), x)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: mask_corrupt([1.0], 1.1, rng()), ValueError, r"p: expected .*\[0, 1\], got 1.1"),
        (lambda: mask_corrupt([1.0], -0.1, rng()), ValueError, r"p: expected .* got -0.1"),
        (lambda: mask_corrupt([1.0], True, rng()), TypeError, r"p: expected a number, got bool"),
        (lambda: mask_corrupt([np.inf], 0.1, rng()), ValueError, r"x: expected finite"),
        (lambda: mask_corrupt([1.0], 0.1, 0), TypeError, r"rng: expected a numpy.random.Generator"),
        (lambda: gaussian_corrupt([1.0], -1, rng()), ValueError, r"sigma: expected .* got -1"),
        (lambda: gaussian_corrupt(["a"], 1, rng()), TypeError, r"x: expected real numbers"),
        (lambda: gaussian_corrupt([1.0], 1, None), TypeError, r"rng: expected .* got NoneType"),
    ],
)
def test_bad_input_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
