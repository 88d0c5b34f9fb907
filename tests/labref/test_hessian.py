"""Hessians: differences against formulas and PyTorch; eigenvalues of random ones."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labref.hessian import (
    hessian_eigenvalues,
    hessian_vector_product,
    network_hessian,
    numerical_hessian,
    random_hessians,
    stationary_point_fractions,
)
from labref.network import dense_network
from labref.regularization.penalties import L2
from labref.surfaces import SURFACES

SEEDS = st.integers(0, 2**32 - 1)
X = np.random.default_rng(1).standard_normal((5, 2))
LABELS = np.array([0, 1, 2, 1, 0])


def small_network(dtype=np.float64):
    return dense_network([2, 3, 3], np.random.default_rng(0), "tanh", dtype=dtype)


@pytest.mark.equation("eq-hessian-vector")
@pytest.mark.parametrize("surface", SURFACES.values(), ids=SURFACES.keys())
def test_differences_give_the_hessian_of_every_surface(surface):
    for w in np.random.default_rng(0).uniform(-2, 2, (10, 2)):
        H = numerical_hessian(surface.gradient, w)
        np.testing.assert_allclose(H, surface.hessian(w), 1e-6, 1e-6)
        np.testing.assert_array_equal(H, H.T)


@pytest.mark.equation("eq-hessian-vector")
@given(seed=SEEDS, n=st.integers(1, 8), scale=st.sampled_from([1e-100, 1e-3, 1.0, 1e6, 1e100]))
def test_the_product_is_the_hessian_times_the_vector_of_any_length(seed, n, scale):
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((n, n))
    v, w = rng.standard_normal(n), rng.standard_normal(n)
    product = hessian_vector_product(lambda w: A @ w, w, scale * v)
    np.testing.assert_allclose(product, scale * (A @ v), 1e-6, 1e-7 * scale)


def test_the_product_with_zero_is_zero():
    np.testing.assert_array_equal(hessian_vector_product(np.sin, [1.0, 2.0], [0.0, 0.0]), [0, 0])


def test_the_hessian_is_made_symmetric():
    """A gradient that is none has no symmetric matrix of differences."""
    H = numerical_hessian(lambda w: np.array([0.0, 2 * w[0]]), np.zeros(2))
    np.testing.assert_allclose(H, [[0, 1], [1, 0]], atol=1e-12)


@pytest.mark.torch
def test_the_hessian_of_a_network_is_the_one_of_pytorch(golden):
    network = small_network()

    def compute():
        import torch

        x, labels = torch.tensor(X), torch.tensor(LABELS)

        def cost(p):
            hidden = torch.tanh(x @ p[:6].reshape(3, 2).T + p[6:9])
            logits = hidden @ p[9:18].reshape(3, 3).T + p[18:]
            return torch.nn.functional.cross_entropy(logits, labels)

        parameters = torch.tensor(network.parameters)
        return {"hessian": torch.autograd.functional.hessian(cost, parameters).numpy()}

    expected = golden("network-hessian", compute)["hessian"]
    H = network_hessian(network, X, LABELS)
    np.testing.assert_allclose(H, expected, atol=1e-9)
    rough = network_hessian(small_network(np.float32), X, LABELS)
    np.testing.assert_allclose(rough, expected, atol=1e-3)


def test_the_hessian_of_a_network_leaves_its_parameters_alone():
    network = small_network()
    before = network.parameters.copy()
    network_hessian(network, X, LABELS)
    np.testing.assert_array_equal(network.parameters, before)
    with pytest.raises(ValueError, match="labels"):
        network_hessian(network, X, LABELS[:2])
    np.testing.assert_array_equal(network.parameters, before)


def test_a_weight_penalty_adds_its_curvature_for_weights_only():
    network = small_network()
    plain = network_hessian(network, X, LABELS)
    network.weight_penalty = L2(0.5)
    added = network_hessian(network, X, LABELS) - plain
    is_weight = np.r_[np.ones(6), np.zeros(3), np.ones(9), np.zeros(3)]
    per_weight = added[0, 0]
    assert per_weight > 0
    np.testing.assert_allclose(added, per_weight * np.diag(is_weight), atol=1e-8)


def test_eigenvalues_come_smallest_first_and_keep_float32():
    values = hessian_eigenvalues(np.array([[0, 1], [1, 0]], np.float32))
    np.testing.assert_allclose(values, [-1, 1], 1e-6)
    assert values.dtype == np.float32


@pytest.mark.equation("eq-gaussian-hessian")
def test_random_hessians_are_symmetric_with_twice_the_variance_on_the_diagonal():
    H = random_hessians(4, 20_000, np.random.default_rng(0))
    np.testing.assert_array_equal(H, H.swapaxes(1, 2))
    np.testing.assert_allclose(H.var(axis=0), 1 + np.eye(4), atol=0.06)
    np.testing.assert_allclose(H.mean(axis=0), 0, atol=0.05)


@pytest.mark.equation("eq-minima-fraction")
def test_minima_get_rare_as_theory_has_it():
    """Exact for n = 1, 2, 3; at n = 2 it is (2 - sqrt 2) / 4."""
    exact = {1: 1 / 2, 2: (2 - np.sqrt(2)) / 4, 3: (np.pi - 2 * np.sqrt(2)) / (4 * np.pi)}
    for n, expected in exact.items():
        minima, saddles, maxima = stationary_point_fractions(n, 20_000, np.random.default_rng(n))
        assert minima == pytest.approx(expected, abs=0.012)
        assert maxima == pytest.approx(expected, abs=0.012)
        assert minima + saddles + maxima == pytest.approx(1)
    assert stationary_point_fractions(20, 5000, np.random.default_rng(0)) == (0, 1, 0)


W, RNG = np.ones(2), np.random.default_rng(0)
BAD_INPUT = {
    "w": (lambda: numerical_hessian(np.sin, [[1.0]]), ValueError, r"w: expected shape \(n,\)"),
    "w-nan": (lambda: numerical_hessian(np.sin, [np.nan]), ValueError, r"w: expected finite"),
    "h": (lambda: numerical_hessian(np.sin, W, 0), ValueError, r"h: expected .*\(0, inf\), got 0"),
    "v": (lambda: hessian_vector_product(np.sin, W, [1.0]), ValueError, r"v: expected shape \(2,"),
    "gradient": (
        lambda: numerical_hessian(np.sum, W),
        ValueError,
        r"gradient: expected shape \(2,\), got \(\)",
    ),
    "gradient-nan": (
        lambda: numerical_hessian(lambda w: w * np.nan, W),
        ValueError,
        r"gradient: expected finite numbers, got nan",
    ),
    "square": (
        lambda: hessian_eigenvalues(np.ones((2, 3))),
        ValueError,
        r"hessian: expected a square matrix, got shape \(2, 3\)",
    ),
    "symmetric": (
        lambda: hessian_eigenvalues([[1.0, 2.0], [0.0, 1.0]]),
        ValueError,
        r"hessian: expected a symmetric matrix, off by 2",
    ),
    "n": (lambda: random_hessians(0, 1, RNG), ValueError, r"n: expected at least 1, got 0"),
    "count": (lambda: random_hessians(2, 1.5, RNG), TypeError, r"count: expected an integer"),
    "rng": (lambda: random_hessians(2, 1, 0), TypeError, r"rng: expected a numpy.random.Gen"),
    "trials": (lambda: stationary_point_fractions(2, 0, RNG), ValueError, r"trials: .* got 0"),
    "fractions-n": (lambda: stationary_point_fractions(0, 1, RNG), ValueError, r"n: .* got 0"),
}


@pytest.mark.parametrize("name", BAD_INPUT)
def test_bad_input_is_refused(name):
    call, error, pattern = BAD_INPUT[name]
    with pytest.raises(error, match=pattern):
        call()
