"""Contrastive divergence against the formula in loops, exact gradients and scikit-learn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit
from sklearn.neural_network import BernoulliRBM

from labref.gradcheck import numerical_gradient, relative_error
from labref.pretraining.contrastive_divergence import cd1_gradients, cd_gradients, pcd_gradients
from tests.labref.pretraining.enumeration import (
    expectations,
    log_likelihood,
    tiny_data,
    tiny_machine,
)

sizes = st.integers(1, 5)


def rng(seed=0):
    return np.random.default_rng(seed)


def exact_gradients(data, W, b, c):
    """Return the gradients of minus the mean log-likelihood."""
    p0 = expit(data @ W.T + c)
    hv, v, h = expectations(W, b, c)
    return hv - p0.T @ data / len(data), v - data.mean(axis=0), h - p0.mean(axis=0)


def flat(gradients):
    return np.concatenate([g.ravel() for g in gradients])


@pytest.mark.equation("eq-likelihood-grad")
def test_the_exact_gradients_of_these_tests_are_those_of_the_likelihood():
    data, machine = tiny_data(), tiny_machine()
    for i, gradient in enumerate(exact_gradients(data, *machine)):

        def cost(value, i=i):
            return -log_likelihood(data, *machine[:i], value, *machine[i + 1 :])

        assert relative_error(gradient, numerical_gradient(cost, machine[i])) < 1e-8


@pytest.mark.equation("eq-cd")
@pytest.mark.pitfall("P30")
@given(n=sizes, n_visible=sizes, n_hidden=sizes, seed=st.integers(0, 99))
def test_cd1_is_the_mean_over_rows_of_the_difference_of_outer_products(
    n, n_visible, n_hidden, seed
):
    """Last hidden units: probabilities of the reconstruction, which is not sampled."""
    v0, (W, b, c) = rng(seed).uniform(size=(n, n_visible)), tiny_machine(n_visible, n_hidden)
    bits = rng(7).random((n, n_hidden))
    dW, db, dc = np.zeros_like(W), np.zeros_like(b), np.zeros_like(c)
    for i in range(n):
        p0 = np.array([expit(sum(W[j] * v0[i]) + c[j]) for j in range(n_hidden)])
        h0 = (bits[i] < p0).astype(float)
        v1 = np.array([expit(sum(W[:, k] * h0) + b[k]) for k in range(n_visible)])
        p1 = np.array([expit(sum(W[j] * v1) + c[j]) for j in range(n_hidden)])
        dW += (np.outer(p1, v1) - np.outer(p0, v0[i])) / n
        db += (v1 - v0[i]) / n
        dc += (p1 - p0) / n
    ours = cd1_gradients(v0, W, b, c, rng(7))
    for gradient, expected in zip(ours, (dW, db, dc), strict=True):
        assert gradient.shape == expected.shape
        np.testing.assert_allclose(gradient, expected, rtol=1e-10, atol=1e-14)


def test_cd1_is_cd_with_one_step():
    v0, machine = tiny_data(), tiny_machine()
    one, other = cd1_gradients(v0, *machine, rng()), cd_gradients(v0, *machine, 1, rng())
    np.testing.assert_array_equal(flat(one), flat(other))


@pytest.mark.pitfall("P30")
def test_gradients_are_means_so_that_a_repeated_batch_gives_the_same():
    v0, (W, b, c) = tiny_data(), tiny_machine()
    c = np.array([60.0, -60.0, 60.0])  # hidden samples are certain: no noise to compare
    once = cd1_gradients(v0, W, b, c, rng())
    twice = cd1_gradients(np.concatenate([v0, v0]), W, b, c, rng())
    np.testing.assert_allclose(flat(once), flat(twice), rtol=1e-12, atol=1e-15)


@pytest.mark.equation("eq-cd")
def test_cd_with_many_steps_gives_the_exact_gradient_on_average_and_cd1_does_not():
    machine = tiny_machine(scale=1.5)
    data = np.tile(tiny_data(), (5000, 1))
    exact = flat(exact_gradients(data, *machine))
    many = flat(cd_gradients(data, *machine, 50, rng(), sample_last=True))
    one = flat(cd_gradients(data, *machine, 1, rng(), sample_last=True))
    bound = 5 * 0.5 / np.sqrt(len(data))  # five standard errors of a mean of values in [0, 1]
    assert np.abs(many - exact).max() < bound
    assert np.abs(one - exact).max() > 3 * bound


def test_probabilities_for_the_last_reconstruction_change_little_and_remove_noise():
    machine, data = tiny_machine(scale=0.3), tiny_data()
    exact = flat(exact_gradients(data, *machine))

    def gradients(sample_last):
        draws = rng(3)
        return np.array(
            [flat(cd_gradients(data, *machine, 20, draws, sample_last)) for _ in range(500)]
        )

    sampled, smooth = gradients(True), gradients(False)
    assert smooth.std(axis=0).mean() < 0.5 * sampled.std(axis=0).mean()
    assert np.abs(smooth.mean(axis=0) - exact).max() < 0.03


@pytest.mark.equation("eq-pcd")
def test_persistent_chains_give_the_exact_gradient_on_average():
    W, b, c = tiny_machine()
    data = tiny_data()
    chains = np.zeros((20_000, 3))
    for _ in range(30):
        *gradients, chains = pcd_gradients(data, chains, W, b, c, rng(len(chains)))
    *gradients, chains = pcd_gradients(data, chains, W, b, c, rng(5), k=30)
    exact = flat(exact_gradients(data, W, b, c))
    assert np.abs(flat(gradients) - exact).max() < 5 * 0.5 / np.sqrt(len(chains))
    assert set(np.unique(chains)) == {0, 1}


def test_persistent_chains_go_on_where_they_stopped():
    data, machine = tiny_data(), tiny_machine()
    chains, draws = np.ones((6, 3)), rng()
    before = chains.copy()
    *_, middle = pcd_gradients(data, chains, *machine, draws)
    *two, end = pcd_gradients(data, middle, *machine, draws)
    np.testing.assert_array_equal(chains, before)
    *one, same_end = pcd_gradients(data, chains, *machine, rng(), k=2)
    np.testing.assert_array_equal(end, same_end)
    np.testing.assert_array_equal(flat(two), flat(one))


class SameDraws:
    """Gives scikit-learn the numbers that a Generator gives us."""

    def __init__(self, generator):
        self.uniform = lambda size: generator.random(size)


def test_persistent_contrastive_divergence_makes_scikit_learns_updates():
    W, b, c = tiny_machine()
    chains, ours = np.zeros((8, 3)), rng(4)
    peer, theirs = BernoulliRBM(learning_rate=0.3), SameDraws(rng(4))
    peer.components_, peer.intercept_visible_, peer.intercept_hidden_ = W.copy(), b.copy(), c.copy()
    peer.h_samples_ = chains.copy()
    for seed in range(20):
        batch = tiny_data(seed=seed)
        dW, db, dc, chains = pcd_gradients(batch, chains, W, b, c, ours)
        W, b, c = W - 0.3 * dW, b - 0.3 * db, c - 0.3 * dc
        peer._fit(batch, theirs)
    np.testing.assert_allclose(W, peer.components_, rtol=1e-10)
    np.testing.assert_allclose(b, peer.intercept_visible_, rtol=1e-10)
    np.testing.assert_allclose(c, peer.intercept_hidden_, rtol=1e-10)
    np.testing.assert_array_equal(chains, peer.h_samples_)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtypes_and_arguments_are_kept_and_the_seed_decides(dtype):
    v0, W, b, c = arguments = [a.astype(dtype) for a in (tiny_data(), *tiny_machine())]
    before = [array.copy() for array in arguments]
    chains = np.zeros((5, 3), dtype)
    calls = [
        lambda seed: cd1_gradients(v0, W, b, c, rng(seed)),
        lambda seed: cd_gradients(v0, W, b, c, 3, rng(seed), sample_last=True),
        lambda seed: pcd_gradients(v0, chains, W, b, c, rng(seed), k=2),
    ]
    for call in calls:
        assert {array.dtype for array in call(0)} == {np.dtype(dtype)}
        np.testing.assert_array_equal(flat(call(0)), flat(call(0)))
        assert (flat(call(0)) != flat(call(1))).any()
    for array, copied in zip(arguments, before, strict=True):
        np.testing.assert_array_equal(array, copied)


def test_large_weights_do_not_overflow():
    W, b, c = tiny_machine(scale=1e4)
    gradients = cd1_gradients(tiny_data(), W, b, c, rng())
    assert all(np.isfinite(gradient).all() for gradient in gradients)


V0, (W, B, C) = tiny_data(), tiny_machine()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: cd1_gradients(V0[:, :3], W, B, C, rng()),
            ValueError,
            r"v0: expected shape \(N, 4\), got \(8, 3\)",
        ),
        (lambda: cd1_gradients(V0[:0], W, B, C, rng()), ValueError, r"v0: .*\(empty\)"),
        (lambda: cd1_gradients(V0 * np.nan, W, B, C, rng()), ValueError, r"v0: expected finite"),
        (
            lambda: cd1_gradients(V0, W[0], B, C, rng()),
            ValueError,
            r"W: expected shape \(n_hidden, n_visible\), got \(4,\)",
        ),
        (
            lambda: cd1_gradients(V0, W, C, B, rng()),
            ValueError,
            r"b: expected shape \(4,\), got \(3,\)",
        ),
        (lambda: cd1_gradients(V0, W, B, B, rng()), ValueError, r"c: expected shape \(3,\)"),
        (lambda: cd1_gradients(V0, W, B, C, 0), TypeError, r"rng: expected a numpy.random.Gen"),
        (lambda: cd_gradients(V0, W, B, C, 0, rng()), ValueError, r"k: expected at least 1, got 0"),
        (lambda: cd_gradients(V0, W, B, C, 1.0, rng()), TypeError, r"k: expected an integer"),
        (
            lambda: pcd_gradients(V0, V0, W, B, C, rng()),
            ValueError,
            r"chains: expected shape \(M, 3\), got \(8, 4\)",
        ),
        (
            lambda: pcd_gradients(V0, V0[:, :3], W, B, C, rng(), k=0),
            ValueError,
            r"k: expected at least 1, got 0",
        ),
    ],
)
def test_bad_input_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
