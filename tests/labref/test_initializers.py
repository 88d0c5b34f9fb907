"""Initial weights: their distributions, fans, gains, orthogonality."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from labref import initializers
from labref.activations import ACTIVATIONS, relu, sigmoid, tanh
from labref.gradcheck import numerical_gradient, relative_error
from labref.initializers import (
    constant,
    fans,
    gain,
    gaussian_log_prior,
    glorot_normal,
    he_normal,
    lecun_normal,
    orthogonal,
    scaled,
    standard_normal,
)
from labref.layers import dense_forward
from labref.network import dense_network
from labref.optimizers import SGD

# By name: the variance that the papers give.
VARIANCES = {
    "lecun_normal": lambda n_in, n_out: 1 / n_in,
    "lecun_uniform": lambda n_in, n_out: 1 / n_in,
    "glorot_normal": lambda n_in, n_out: 2 / (n_in + n_out),
    "glorot_uniform": lambda n_in, n_out: 2 / (n_in + n_out),
    "he_normal": lambda n_in, n_out: 2 / n_in,
    "he_uniform": lambda n_in, n_out: 2 / n_in,
    "standard_normal": lambda n_in, n_out: 1,
}
RANDOM = [*VARIANCES, "orthogonal"]
sizes = st.integers(1, 6)


def rng(seed=0):
    return np.random.default_rng(seed)


def draw(name, n_in, n_out, seed=0, shape=None):
    return getattr(initializers, name)(n_in, n_out, rng(seed), shape)


@pytest.mark.equation("eq-lecun", "eq-glorot", "eq-he", "eq-uniform-variance")
@pytest.mark.parametrize("name", VARIANCES)
@pytest.mark.parametrize(("n_in", "n_out"), [(300, 200), (100, 600)])
def test_weights_have_the_distribution_of_the_paper(name, n_in, n_out):
    W = draw(name, n_in, n_out)
    variance = VARIANCES[name](n_in, n_out)
    assert W.shape == (n_out, n_in)
    if name.endswith("uniform"):
        bound = math.sqrt(3 * variance)
        assert 0.999 * bound < abs(W).max() <= bound
        expected = stats.uniform(-bound, 2 * bound)
    else:
        expected = stats.norm(0, math.sqrt(variance))
    assert W.var() == pytest.approx(variance, rel=0.02)
    assert stats.kstest(W.ravel(), expected.cdf).pvalue > 1e-4


@pytest.mark.equation("eq-preactivation-variance")
def test_standard_normal_weights_let_the_variance_grow_with_the_inputs():
    x = rng(1).standard_normal((500, 100))
    assert (x @ draw("standard_normal", 100, 400).T).var() == pytest.approx(100, rel=0.1)
    assert (x @ draw("lecun_normal", 100, 400).T).var() == pytest.approx(1, rel=0.1)


@pytest.mark.equation("eq-relu-half", "eq-he")
@pytest.mark.parametrize(
    ("name", "f"), [("he_normal", relu), ("he_uniform", relu), ("lecun_normal", lambda a: a)]
)
def test_the_mean_square_is_kept_through_ten_layers(name, f):
    a = rng(1).standard_normal((300, 200))
    for seed in range(10):
        a = f(a) @ draw(name, 200, 200, seed).T
    assert 0.5 < (a * a).mean() < 2


@pytest.mark.equation("eq-glorot", "eq-backward-variance")
def test_glorot_keeps_both_passes_where_the_sizes_are_equal():
    W = draw("glorot_normal", 400, 400)
    x = rng(1).standard_normal((200, 400))
    assert (x @ W.T).var() == pytest.approx(1, rel=0.05)
    assert (x @ W).var() == pytest.approx(1, rel=0.05)


@pytest.mark.parametrize("name", RANDOM)
def test_weights_depend_on_the_generator_alone(name):
    np.testing.assert_array_equal(draw(name, 5, 4, seed=1), draw(name, 5, 4, seed=1))
    assert (draw(name, 5, 4, seed=1) != draw(name, 5, 4, seed=2)).all()


@pytest.mark.parametrize("name", RANDOM)
@pytest.mark.parametrize("shape", [None, (7,), (2, 3, 5, 4)])
def test_any_shape_can_be_drawn(name, shape):
    W = draw(name, 6, 4, shape=shape)
    assert W.shape == (shape or (4, 6))
    assert W.dtype == np.float64


@pytest.mark.equation("eq-fans")
@pytest.mark.pitfall("P29")
@given(shape=st.lists(sizes, min_size=2, max_size=4))
def test_fans_count_the_inputs_and_outputs_of_every_filter(shape):
    n_in, n_out = fans(shape)
    assert n_in == np.ones(shape)[0].size
    assert n_out == np.ones(shape)[:, 0].size


@pytest.mark.pitfall("P29")
def test_filters_have_the_variance_of_their_fans():
    shape = (40, 12, 5, 3)
    assert fans(shape) == (180, 600)
    for name, variance in VARIANCES.items():
        W = draw(name, *fans(shape), shape=shape)
        assert W.shape == shape
        assert W.var() == pytest.approx(variance(180, 600), rel=0.04), name


@pytest.mark.pitfall("P29")
def test_fans_and_scales_agree_with_pytorch(golden):
    """Ours and PyTorch's draws have the same fans, spread and, where uniform, bounds."""
    shapes = {"dense": (300, 200), "filters": (48, 32, 5, 3)}

    def compute():
        import torch
        from torch.nn import init

        functions = {
            "lecun_normal": lambda W: init.kaiming_normal_(W, nonlinearity="linear"),
            "lecun_uniform": lambda W: init.kaiming_uniform_(W, nonlinearity="linear"),
            "glorot_normal": init.xavier_normal_,
            "glorot_uniform": init.xavier_uniform_,
            "he_normal": lambda W: init.kaiming_normal_(W, nonlinearity="relu"),
            "he_uniform": lambda W: init.kaiming_uniform_(W, nonlinearity="relu"),
        }
        values = {}
        for kind, shape in shapes.items():
            W = torch.empty(shape, dtype=torch.float64)
            values[f"{kind} fans"] = np.array(init._calculate_fan_in_and_fan_out(W), float)
            for name, function in functions.items():
                torch.manual_seed(0)
                function(W)
                values[f"{kind} {name}"] = np.array([W.std().item(), W.abs().max().item()])
        return values

    for key, expected in golden("initializers", compute).items():
        kind, name = key.split()
        shape = shapes[kind]
        if name == "fans":
            assert fans(shape) == tuple(expected)
            continue
        W = draw(name, *fans(shape), shape=shape)
        assert W.std() == pytest.approx(expected[0], rel=0.02), key
        if name.endswith("uniform"):
            assert abs(W).max() == pytest.approx(expected[1], rel=1e-3), key


@pytest.mark.equation("eq-orthogonal")
@given(n_in=sizes, n_out=sizes, seed=st.integers(0, 99))
def test_orthogonal_weights_have_orthonormal_rows_or_columns(n_in, n_out, seed):
    W = orthogonal(n_in, n_out, rng(seed))
    assert W.shape == (n_out, n_in)
    product = W @ W.T if n_out <= n_in else W.T @ W
    np.testing.assert_allclose(product, np.eye(min(n_in, n_out)), atol=1e-14)


def test_orthogonal_filters_are_orthonormal_as_rows():
    rows = orthogonal(*fans((6, 2, 3, 4)), rng(), (6, 2, 3, 4)).reshape(6, 24)
    np.testing.assert_allclose(rows @ rows.T, np.eye(6), atol=1e-14)


def test_orthogonal_matrices_are_uniformly_distributed():
    """Then traces have mean 0 and variance 1; QR without its sign correction gives a mean of -1."""
    generator = rng()
    traces = [np.trace(orthogonal(4, 4, generator)) for _ in range(2000)]
    assert np.mean(traces) == pytest.approx(0, abs=0.1)
    assert np.var(traces) == pytest.approx(1, abs=0.15)


def test_orthogonal_weights_keep_lengths_through_fifty_linear_layers():
    x = rng(1).standard_normal((3, 20))
    y = x
    for seed in range(50):
        y = y @ orthogonal(20, 20, rng(seed)).T
    np.testing.assert_allclose(np.linalg.norm(y, axis=1), np.linalg.norm(x, axis=1), rtol=1e-12)


@pytest.mark.equation("eq-preactivation-variance", "eq-backward-variance")
def test_the_variance_of_one_sum_follows_from_its_own_terms():
    """Over many draws of the weights, for one input that is neither centred nor random."""
    x, delta = np.arange(5.0), np.array([1.0, -2.0, 0.5])
    generator = rng()
    Ws = [glorot_normal(5, 3, generator) for _ in range(4000)]
    a, dx = np.array([W @ x for W in Ws]), np.array([delta @ W for W in Ws])
    np.testing.assert_allclose(a.var(axis=0), 5 * (2 / 8) * np.mean(x**2), rtol=0.1)
    np.testing.assert_allclose(dx.var(axis=0), 3 * (2 / 8) * np.mean(delta**2), rtol=0.1)


@pytest.mark.equation("eq-equal-units")
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_units_with_equal_weights_get_equal_gradients(activation):
    network = dense_network([4, 3, 5], rng(), activation)
    first, last = network.layers
    first.W[1], first.b[1], last.W[:, 1] = first.W[0], first.b[0], last.W[:, 0]
    network.loss_and_gradient(rng(1).standard_normal((6, 4)), rng(2).integers(5, size=6))
    for gradient in (first.dW, first.db, last.dW.T):
        np.testing.assert_allclose(gradient[1], gradient[0], rtol=1e-12)
        assert (gradient[2] != gradient[0]).any()


def test_constant_weights_are_equal_for_any_fans_and_shape():
    np.testing.assert_array_equal(constant(0.5)(3, 2, rng()), np.full((2, 3), 0.5))
    np.testing.assert_array_equal(constant(0)(3, 2, rng(), (2,)), np.zeros(2))
    assert constant(0)(3, 2, rng()).dtype == np.float64


@pytest.mark.equation("eq-gain")
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_gain_is_that_of_numerical_integration(name):
    f = ACTIVATIONS[name].function
    z = np.linspace(-10, 10, 20_001)
    expected = 1 / math.sqrt(np.trapezoid(f(z) ** 2 * stats.norm.pdf(z), z))
    assert gain(f, rng()) == pytest.approx(expected, rel=0.01)


def test_the_gain_of_relu_makes_hes_weights_of_lecuns():
    assert gain(relu, rng()) == pytest.approx(math.sqrt(2), rel=0.01)
    W = scaled(lecun_normal, math.sqrt(2))(6, 4, rng())
    np.testing.assert_allclose(W, he_normal(6, 4, rng()), rtol=1e-14)


@pytest.mark.equation("eq-gain")
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_weights_scaled_by_the_gain_keep_the_mean_square(name):
    f = ACTIVATIONS[name].function
    initializer = scaled(lecun_normal, gain(f, rng()))
    a = rng(1).standard_normal((100, 300))
    for seed in range(10):
        a = f(a) @ initializer(300, 300, rng(seed)).T
    assert 0.7 < (a * a).mean() < 1.4


def test_a_scaled_initializer_draws_any_shape():
    W = scaled(orthogonal, -2)(6, 4, rng(), (3, 2, 5))
    np.testing.assert_array_equal(W, -2 * orthogonal(6, 4, rng(), (3, 2, 5)))


@pytest.mark.equation("eq-tanh-decay")
def test_the_mean_square_of_tanh_layers_decays_as_one_over_depth():
    """By quadrature: 1/q grows by 2 per layer, a little less while q is large."""
    z, weights = np.polynomial.hermite_e.hermegauss(80)
    weights /= weights.sum()

    def next_q(q):
        return weights @ tanh(math.sqrt(q) * z) ** 2

    assert 1 / next_q(1e-3) - 1e3 == pytest.approx(2, rel=2e-3)
    q = 1.0
    for layer in range(1, 51):
        q = next_q(q)
        assert q == pytest.approx(1 / (1 + 2 * layer), rel=0.2)
    assert q == pytest.approx(1 / 101, rel=0.05)


@pytest.mark.equation("eq-sigmoid-as-tanh")
def test_sigmoid_layers_are_tanh_layers_with_quarter_weights():
    a_below, W, b = (
        rng().standard_normal((5, 4)),
        draw("he_normal", 4, 3),
        rng(1).standard_normal(3),
    )
    a = dense_forward(sigmoid(a_below), W, b)
    as_tanh = dense_forward(tanh(a_below / 2), W / 4, (b + W.sum(axis=1) / 2) / 2)
    np.testing.assert_allclose(a / 2, as_tanh, rtol=1e-12)


@pytest.mark.equation("eq-variance-with-bias", "eq-covariance-with-bias")
def test_random_biases_add_their_variance_to_the_covariance_of_any_two_inputs():
    """Over many draws of weights and biases, for two inputs that are not random."""
    x = np.array([[1.0, -2.0, 0.5, 3.0], [2.0, 1.0, -1.0, 0.5]])
    W, b = draw("lecun_normal", 4, 200_000), 0.7 * rng(1).standard_normal(200_000)
    expected = x @ x.T / 4 + 0.7**2
    np.testing.assert_allclose(np.cov(dense_forward(x, W, b)), expected, atol=0.03)
    np.testing.assert_allclose(expected[0, 0], 4 * (1 / 4) * np.mean(x[0] ** 2) + 0.7**2)


@pytest.mark.equation("eq-sample-then-optimize")
def test_descent_on_a_linear_model_ends_at_the_fit_nearest_to_the_start():
    X, t, start = (
        rng().standard_normal((3, 6)),
        rng(1).standard_normal(3),
        rng(2).standard_normal(6),
    )
    w, optimizer = start.copy(), SGD(0.1)
    for _ in range(2000):
        optimizer.step(w, X.T @ (X @ w - t))
    np.testing.assert_allclose(w, start + np.linalg.pinv(X) @ (t - X @ start), rtol=1e-8)
    np.testing.assert_allclose(X @ w, t, rtol=1e-8)
    null_space = np.linalg.svd(X)[2][3:]
    np.testing.assert_allclose(null_space @ w, null_space @ start, rtol=1e-8)


def test_the_gain_depends_on_the_generator_and_its_error_falls_with_n():
    assert gain(tanh, rng(1)) == gain(tanh, rng(1)) != gain(tanh, rng(2))
    spread = [np.std([gain(relu, rng(seed), n) for seed in range(30)]) for n in (100, 10_000)]
    assert spread[1] < spread[0] / 5


@pytest.mark.equation("eq-log-prior")
def test_the_log_prior_is_the_sum_of_normal_log_densities():
    W = rng().standard_normal((3, 4))
    expected = stats.norm(0, math.sqrt(0.3)).logpdf(W).sum()
    assert gaussian_log_prior(W, 0.3) == pytest.approx(expected, rel=1e-12)
    assert gaussian_log_prior(W.astype(np.float32), 0.3) == pytest.approx(expected, rel=1e-6)


@pytest.mark.equation("eq-log-prior-grad")
def test_the_slope_of_the_log_prior_is_that_of_weight_decay():
    W = rng().standard_normal((3, 4))
    numerical = numerical_gradient(lambda W: gaussian_log_prior(W, 0.25), W)
    assert relative_error(-W / 0.25, numerical) < 1e-8


CASES = {
    "n_in": (lambda: lecun_normal(0, 2, rng()), ValueError, "n_in: expected at least 1, got 0"),
    "n_out": (lambda: lecun_normal(2, 2.0, rng()), TypeError, "n_out: expected an integer"),
    "rng": (lambda: orthogonal(2, 2, 0), TypeError, "rng: expected a numpy.random.Generator"),
    "shape": (lambda: he_normal(2, 2, rng(), (2, 0)), ValueError, "shape: .* at least 1, got 0"),
    "no-shape": (lambda: orthogonal(2, 2, rng(), ()), ValueError, r"shape: .* 1 axes, got \(\)"),
    "normal-rng": (lambda: standard_normal(2, 2, None), TypeError, "rng: .* got NoneType"),
    "constant": (lambda: constant(np.nan), ValueError, "value: expected a number in"),
    "factor": (lambda: scaled(constant(1), np.inf), ValueError, "factor: expected a number in"),
    "fans": (lambda: fans((3,)), ValueError, r"shape: expected at least 2 axes, got \(3,\)"),
    "fans-float": (lambda: fans((3, 2.0)), TypeError, "shape: expected an integer, got float"),
    "gain-n": (lambda: gain(sigmoid, rng(), 0), ValueError, "n: expected at least 1, got 0"),
    "gain-rng": (lambda: gain(sigmoid, 1), TypeError, "rng: expected a numpy.random.Generator"),
    "gain-zero": (lambda: gain(np.zeros_like, rng(), 9), ValueError, "f: expected a function"),
    "gain-shape": (
        lambda: gain(np.mean, rng(), 9),
        ValueError,
        r"f\(z\): expected shape \(9,\), got \(\)",
    ),
    "prior-W": (lambda: gaussian_log_prior([np.inf], 1), ValueError, "W: expected finite numbers"),
    "prior-variance": (
        lambda: gaussian_log_prior([1.0], 0),
        ValueError,
        r"variance: expected a number in \(0, inf\), got 0",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_refused_with_argument_expectation_and_finding(name):
    call, error, pattern = CASES[name]
    with pytest.raises(error, match=pattern):
        call()


@pytest.mark.parametrize("name", VARIANCES)
@pytest.mark.parametrize(("n_in", "n_out", "argument"), [(0, 2, "n_in"), (2, 0, "n_out")])
def test_every_initializer_refuses_empty_sizes(name, n_in, n_out, argument):
    with pytest.raises(ValueError, match=f"{argument}: expected at least 1, got 0"):
        draw(name, n_in, n_out)
