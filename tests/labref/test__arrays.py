"""Arrays that make loops over small batches faster."""

import numpy as np
import pytest

from labref._arrays import aligned_zeros, ones, product, row_starts


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_aligned_zeros_start_on_a_cache_line(dtype):
    for n in (1, 10, 1001):
        zeros = aligned_zeros(n, np.dtype(dtype))
        assert zeros.ctypes.data % 64 == 0
        np.testing.assert_array_equal(zeros, np.zeros(n, dtype), strict=True)


def test_shared_arrays_cannot_be_changed():
    for array in (ones(3, np.dtype(np.float32)), row_starts(3, 5)):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 7


def test_row_starts_are_the_places_of_the_first_column():
    matrix = np.arange(12).reshape(3, 4)
    np.testing.assert_array_equal(matrix.reshape(-1)[row_starts(3, 4)], matrix[:, 0])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("n", "k"), [(2, 7), (7, 2), (3, 3)])
def test_product_is_tall_in_memory(n, k, dtype):
    rng = np.random.default_rng(0)
    A, B = rng.standard_normal((n, 5)).astype(dtype), rng.standard_normal((5, k)).astype(dtype)
    found = product(A, B)
    np.testing.assert_allclose(found, A @ B, rtol=1e-5)
    assert found.dtype == dtype
    assert found.flags.c_contiguous if n >= k else found.T.flags.c_contiguous
