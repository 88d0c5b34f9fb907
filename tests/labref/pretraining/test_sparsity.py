"""The KL penalty on mean activations: value, gradient, deck A's example, units always off or on."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import rel_entr

from labref.gradcheck import numerical_gradient, relative_error
from labref.pretraining.sparsity import kl_sparsity, kl_sparsity_grad

activations = arrays(np.float64, (4, 3), elements=st.floats(0.01, 0.99))
alphas = st.floats(0.01, 0.99)
# Deck A's unit, over ten examples.
SPARSE = np.array([[0.8, 0, 0.9, 0, 0.2, 0, 0.1, 0, 0, 0]]).T
LESS_SPARSE = np.array([[0.8, 1, 0.9, 1, 0.2, 0, 0.1, 0, 0, 0]]).T


def test_deck_as_example_gives_0_and_0_092():
    assert kl_sparsity(SPARSE, 0.2) == pytest.approx(0, abs=1e-15)
    assert kl_sparsity([[1.0], [0], [1], [0], [0], [0], [0], [0], [0], [0]], 0.2) == 0
    assert round(kl_sparsity(LESS_SPARSE, 0.2), 3) == 0.092
    exact = 0.2 * np.log(0.2 / 0.4) + 0.8 * np.log(0.8 / 0.6)
    assert kl_sparsity(LESS_SPARSE, 0.2) == pytest.approx(exact, rel=1e-14)


def test_deck_as_printed_expression_is_the_negative():
    alpha, m = 0.2, LESS_SPARSE.mean()
    printed = -alpha * np.log(alpha / m) - (1 - alpha) * np.log((1 - alpha) / (1 - m))
    assert printed == pytest.approx(-0.0915, abs=5e-5)
    assert kl_sparsity(LESS_SPARSE, alpha) == pytest.approx(-printed)


@pytest.mark.equation("eq-mean-activation", "eq-kl-sparsity")
@given(H=activations, alpha=alphas)
def test_the_penalty_is_the_sum_of_scipys_relative_entropies(H, alpha):
    m = H.mean(axis=0)
    expected = (rel_entr(alpha, m) + rel_entr(1 - alpha, 1 - m)).sum()
    assert kl_sparsity(H, alpha) == pytest.approx(expected, rel=1e-9, abs=1e-12)
    assert kl_sparsity(H, alpha) > -1e-12


@pytest.mark.equation("eq-kl-sparsity-grad")
@given(n=st.integers(1, 6), n_hidden=st.integers(1, 5), alpha=alphas)
def test_the_gradient_agrees_with_central_differences(n, n_hidden, alpha):
    H = np.random.default_rng(0).uniform(0.05, 0.95, (n, n_hidden))
    grad = kl_sparsity_grad(H, alpha)
    assert grad.shape == H.shape
    assert relative_error(grad, numerical_gradient(lambda h: kl_sparsity(h, alpha), H)) < 1e-7


@given(H=activations, alpha=alphas)
def test_only_the_means_matter_not_how_often_the_batch_is_repeated(H, alpha):
    once, twice = kl_sparsity(H, alpha), kl_sparsity(np.concatenate([H, H]), alpha)
    assert twice == pytest.approx(once, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("level", "sign"), [(0.0, -1), (1.0, 1)])
def test_units_that_are_always_off_or_on_cost_much_and_are_pushed_back(dtype, level, sign):
    H = np.full((3, 2), level, dtype)
    value, grad = kl_sparsity(H, 0.2), kl_sparsity_grad(H, 0.2)
    assert 5 < value < np.inf
    assert np.isfinite(grad).all()
    assert (sign * grad > 1e4).all()
    assert kl_sparsity(np.full((3, 2), abs(level - 0.01), dtype), 0.2) < value


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_is_kept_and_the_activations_are_left_alone(dtype):
    H = np.random.default_rng(0).uniform(0, 1, (5, 3)).astype(dtype)
    before = H.copy()
    value, grad = kl_sparsity(H, 0.3), kl_sparsity_grad(H, 0.3)
    assert grad.dtype == dtype
    assert value == pytest.approx(kl_sparsity(H.astype(np.float64), 0.3), rel=1e-5)
    grad[0] = 0  # rows do not share memory
    assert grad[1].all()
    np.testing.assert_array_equal(H, before)


@pytest.mark.parametrize("function", [kl_sparsity, kl_sparsity_grad])
@pytest.mark.parametrize(
    ("H", "alpha", "error", "message"),
    [
        ([[0.5, 1.5]], 0.2, ValueError, r"H: expected numbers in \[0, 1\], got 0.5..1.5"),
        ([[-0.5, 1.0]], 0.2, ValueError, r"H: expected numbers in \[0, 1\], got -0.5..1"),
        ([0.5], 0.2, ValueError, r"H: expected shape \(N, n_hidden\), got \(1,\)"),
        (np.ones((0, 2)), 0.2, ValueError, r"H: expected shape .* \(empty\)"),
        ([[np.nan]], 0.2, ValueError, r"H: expected finite numbers, got nan"),
        ([["a"]], 0.2, TypeError, r"H: expected real numbers"),
        ([[0.5]], 0, ValueError, r"alpha: expected a number in \(0, 1\), got 0"),
        ([[0.5]], 1.0, ValueError, r"alpha: expected a number in \(0, 1\), got 1.0"),
        ([[0.5]], "0.2", TypeError, r"alpha: expected a number, got str"),
    ],
)
def test_bad_input_is_refused(function, H, alpha, error, message):
    with pytest.raises(error, match=message):
        function(H, alpha)
