"""Cross-validation: folds and scores."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold, cross_val_score

from labref.regularization.cross_validation import cross_validate, k_fold


def rng():
    return np.random.default_rng(0)


@given(data=st.data(), n=st.integers(2, 60))
def test_every_example_validates_once_and_trains_otherwise(data, n):
    k = data.draw(st.integers(2, n))
    folds = k_fold(n, k, rng())
    assert len(folds) == k
    np.testing.assert_array_equal(np.sort(np.concatenate([v for _, v in folds])), np.arange(n))
    for train, validation in folds:
        np.testing.assert_array_equal(np.sort(np.concatenate([train, validation])), np.arange(n))


@given(data=st.data(), n=st.integers(2, 60))
def test_sizes_are_scikit_learn_s(data, n):
    k = data.draw(st.integers(2, n))
    theirs = [(len(t), len(v)) for t, v in KFold(k).split(np.zeros(n))]
    assert [(len(t), len(v)) for t, v in k_fold(n, k, rng())] == theirs


@pytest.mark.pitfall("P28")
def test_the_folds_are_shuffled_by_the_generator_alone():
    first, again, other = (k_fold(30, 3, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first[0][1], again[0][1])
    assert set(first[0][1]) != set(other[0][1])
    assert set(first[0][1]) != set(range(10))


@pytest.mark.equation("eq-cross-validation")
def test_scores_are_those_of_scikit_learn_on_the_same_folds():
    generator = rng()
    x = generator.standard_normal((40, 3))
    y = x.sum(axis=1) + generator.standard_normal(40)

    def fit_and_score(train, validation):
        return Ridge().fit(x[train], y[train]).score(x[validation], y[validation])

    scores = cross_validate(fit_and_score, 40, 5, np.random.default_rng(1))
    folds = k_fold(40, 5, np.random.default_rng(1))
    np.testing.assert_allclose(scores, cross_val_score(Ridge(), x, y, cv=folds))
    assert (scores.shape, scores.dtype) == ((5,), np.float64)


CASES = {
    "n": (lambda: k_fold(0, 2, rng()), ValueError, r"n: expected at least 1, got 0"),
    "k-many": (lambda: k_fold(3, 4, rng()), ValueError, r"k: expected 2\.\.3 folds .* got 4"),
    "k-one": (lambda: k_fold(3, 1, rng()), ValueError, r"k: expected 2\.\.3 folds .* got 1"),
    "k-float": (lambda: k_fold(3, 2.0, rng()), TypeError, r"k: expected an integer, got float"),
    "rng": (lambda: cross_validate(print, 4, 2, 0), TypeError, r"rng: .* got int"),
}


@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_refused(name):
    call, error, pattern = CASES[name]
    with pytest.raises(error, match=pattern):
        call()
