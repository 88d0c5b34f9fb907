"""Central differences and relative error."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from labref.activations import relu
from labref.gradcheck import numerical_gradient, relative_error


@pytest.mark.equation("eq-central-difference")
@given(x=arrays(np.float64, array_shapes(min_dims=0, max_dims=3), elements=st.floats(-3, 3)))
def test_the_gradient_of_a_known_function(x):
    gradient = numerical_gradient(lambda v: (np.sin(v) * v).sum(), x)
    assert gradient.shape == x.shape
    np.testing.assert_allclose(gradient, np.cos(x) * x + np.sin(x), atol=1e-7)


@pytest.mark.equation("eq-central-difference")
def test_a_cubic_is_wrong_by_exactly_h_squared():
    """(x+h)**3 - (x-h)**3 = 2h (3 x**2 + h**2)."""
    for h in (0.5, 0.25, 0.125):
        assert numerical_gradient(lambda x: x[0] ** 3, [1.0], h)[0] == 3 + h**2


def test_the_error_falls_with_the_step_until_rounding_takes_over():
    errors = [
        abs(numerical_gradient(lambda x: np.exp(x[0]), [1.0], h)[0] - np.e)
        for h in (1e-1, 1e-3, 1e-5, 1e-9, 1e-13)
    ]
    best = int(np.argmin(errors))
    assert best == 2
    assert errors[0] > errors[1] > errors[2] < errors[3] < errors[4]


def test_x_is_not_changed_even_if_f_changes_what_it_gets():
    x = np.ones(3)

    def f(v):
        v *= 2
        return v.sum()

    np.testing.assert_allclose(numerical_gradient(f, x), 2)
    np.testing.assert_array_equal(x, np.ones(3))


@pytest.mark.pitfall("P19")
def test_float32_and_integers_are_differentiated_in_float64():
    for x in (np.array([2.0], np.float32), [2]):
        gradient = numerical_gradient(lambda v: v[0] ** 2, x)
        assert gradient.dtype == np.float64
        assert gradient[0] == pytest.approx(4, rel=1e-9)


@pytest.mark.pitfall("P20")
@pytest.mark.parametrize("distance", [0.0, 0.3e-5, 1.1e-5])
def test_within_h_of_a_kink_it_is_between_the_two_slopes(distance):
    """A gradient check of ReLU is right only for inputs further than h from 0."""
    slope = numerical_gradient(lambda x: relu(x).sum(), [distance], h=1e-5)[0]
    if distance < 1e-5:
        assert slope == pytest.approx((1 + distance / 1e-5) / 2)
    else:
        assert slope == pytest.approx(1)


def test_f_must_return_one_number():
    with pytest.raises(ValueError, match=r"f: expected a single number, got shape \(2,\)"):
        numerical_gradient(lambda v: v, np.ones(2))


@pytest.mark.equation("eq-relative-error")
def test_relative_error_is_the_distance_relative_to_the_sizes():
    assert relative_error([3.0, 4.0], [3.0, 4.0]) == 0
    assert relative_error([0.0, 0.0], [0.0, 0.0]) == 0
    assert relative_error([3.0, 4.0], [0.0, 0.0]) == 1
    assert relative_error([3.0, 4.0], [-3.0, -4.0]) == 1
    assert relative_error([[3.0], [4.0]], [[0.0], [4.0]]) == pytest.approx(3 / 9)


vectors = arrays(np.float64, 4, elements=st.floats(-1e6, 1e6, allow_subnormal=False))


@given(a=vectors, b=vectors, scale=st.floats(0.01, 100))
def test_relative_error_is_symmetric_bounded_and_blind_to_scale(a, b, scale):
    error = relative_error(a, b)
    assert 0 <= error <= 1 + 1e-12
    assert relative_error(b, a) == error
    if np.abs(np.concatenate([a, b])).max() > 1e-100:
        assert relative_error(scale * a, scale * b) == pytest.approx(error, abs=1e-9)
