"""Data sets and their splits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labref.data import Dataset, train_val_test_split


def make():
    return Dataset(np.arange(30.0).reshape(5, 6), np.arange(5), (2, 3))


def test_a_data_set_has_a_length_and_images():
    data = make()
    assert len(data) == 5
    assert data.images.shape == (5, 2, 3)
    np.testing.assert_array_equal(data.images[1], [[6, 7, 8], [9, 10, 11]])


@pytest.mark.parametrize("rows", [slice(1, 4), np.array([3, 0])])
def test_indexing_picks_images_with_their_labels(rows):
    part = make()[rows]
    np.testing.assert_array_equal(part.labels, np.arange(5)[rows])
    np.testing.assert_array_equal(part.x[:, 0], 6 * part.labels)
    assert part.image_shape == (2, 3)


@given(
    n=st.integers(1, 200),
    cuts=st.tuples(st.integers(0, 100), st.integers(0, 100)).map(sorted),
    seed=st.integers(0, 5),
)
def test_a_split_is_disjoint_complete_and_of_the_sizes_asked_for(n, cuts, seed):
    fractions = (cuts[0] / 100, (cuts[1] - cuts[0]) / 100, (100 - cuts[1]) / 100)
    parts = train_val_test_split(n, fractions, np.random.default_rng(seed))
    np.testing.assert_array_equal(np.sort(np.concatenate(parts)), np.arange(n))
    for part, fraction in zip(parts, fractions, strict=True):
        assert abs(len(part) - n * fraction) <= 1


def test_a_split_is_shuffled_by_the_generator_alone():
    first, again, other = (
        np.concatenate(train_val_test_split(50, (0.6, 0.2, 0.2), np.random.default_rng(seed)))
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert (first != np.arange(50)).any()
