"""Evaluating an objective: what is finite counts, everything else is infinite."""

import numpy as np
import pytest

from labref.minimize.objective import evaluate
from labref.surfaces import BOWL


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_the_objective_is_not_asked_about_points_that_are_not_finite(bad):
    value, gradient = evaluate(BOWL.objective, np.array([1.0, bad]))
    assert value == np.inf
    assert np.isnan(gradient).all()


@pytest.mark.parametrize(
    ("value", "gradient"), [(np.nan, 1.0), (np.inf, 1.0), (1.0, np.nan), (1.0, -np.inf)]
)
def test_what_is_not_finite_counts_as_infinitely_high(value, gradient):
    found, slope = evaluate(lambda w: (value, gradient * w), np.ones(2))
    assert found == np.inf
    assert np.isnan(slope).all()


def test_minus_infinity_is_kept():
    assert evaluate(lambda w: (-np.inf, w), np.ones(2))[0] == -np.inf


def test_numpy_does_not_warn_and_the_gradient_is_a_float64_copy():
    w = np.zeros(2)
    value, _ = evaluate(lambda w: (np.log(w[0]) * w[1], w / w), w)
    assert value == np.inf
    value, gradient = evaluate(lambda w: (np.array([2.0], np.float32), w), w)
    assert (type(value), value, gradient.dtype) == (float, 2, np.float64)
    assert not np.shares_memory(gradient, w)
