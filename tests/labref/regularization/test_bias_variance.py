"""Polynomials, their bias and their variance."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.polynomial import Polynomial
from sklearn.linear_model import Ridge

from labref.gradcheck import numerical_gradient
from labref.regularization.bias_variance import bias_variance, fit_polynomial, polynomial_features


def rng():
    return np.random.default_rng(0)


def data(n=30):
    x = rng().uniform(-1, 1, n)
    return x, np.sin(3 * x) + 0.3 * np.random.default_rng(1).standard_normal(n)


@pytest.mark.parametrize("degree", [0, 1, 4])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_features_are_the_powers(degree, dtype):
    x = np.array([-1.5, 0, 2], dtype)
    features = polynomial_features(x, degree)
    expected = [[v**j for j in range(degree + 1)] for v in x.tolist()]
    np.testing.assert_allclose(features, expected, rtol=1e-6)
    assert features.dtype == dtype


@pytest.mark.parametrize("degree", [0, 1, 3, 9])
def test_the_fit_is_numpy_s(degree):
    x, y = data()
    expected = Polynomial.fit(x, y, degree).convert().coef
    np.testing.assert_allclose(fit_polynomial(x, y, degree), expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("lam", [0.01, 1.0, 100.0])
def test_the_penalised_fit_is_ridge_regression_without_penalty_on_the_constant(lam):
    x, y = data()
    w = fit_polynomial(x, y, 5, lam)
    ridge = Ridge(alpha=lam, solver="svd").fit(polynomial_features(x, 5)[:, 1:], y)
    np.testing.assert_allclose(w, [ridge.intercept_, *ridge.coef_], rtol=1e-7, atol=1e-10)


@pytest.mark.equation("eq-polynomial-fit")
@given(degree=st.integers(0, 6), lam=st.floats(0, 10))
def test_the_cost_in_the_docstring_has_no_slope_at_the_fit(degree, lam):
    x, y = data()
    features = polynomial_features(x, degree)

    def cost(w):
        return (((features @ w - y) ** 2).sum() + lam * (w[1:] ** 2).sum()) / (2 * len(x))

    gradient = numerical_gradient(cost, fit_polynomial(x, y, degree, lam))
    np.testing.assert_allclose(gradient, 0, atol=1e-8)


def test_arguments_are_not_changed_and_float32_stays_float32():
    x, y = (array.astype(np.float32) for array in data())
    before = x.copy(), y.copy()
    assert fit_polynomial(x, y, 3, 0.1).dtype == np.float32
    np.testing.assert_array_equal(x, before[0])
    np.testing.assert_array_equal(y, before[1])


def test_with_fewer_points_than_coefficients_the_smallest_solution_is_taken():
    w = fit_polynomial([1.0], [6.0], 2)
    np.testing.assert_allclose(w, [2, 2, 2])


# Bias and variance.

POINTS = np.linspace(-0.9, 0.9, 7)
NOISE = 0.3


def f(x):
    return np.sin(3 * x)


def measure(degree, lam=0.0, n_samples=2000):
    x = np.linspace(-1, 1, 15)

    def train_and_predict(rng):
        w = fit_polynomial(x, f(x) + NOISE * rng.standard_normal(15), degree, lam)
        return polynomial_features(POINTS, degree) @ w

    return bias_variance(train_and_predict, f(POINTS), n_samples, rng())


@pytest.mark.parametrize(("degree", "lam"), [(1, 0.0), (3, 0.0), (7, 0.0), (7, 0.5)])
def test_bias_and_variance_are_those_of_the_closed_form(degree, lam):
    """A linear smoother predicts S y: its mean is S f, its variance noise^2 S S^T."""
    x = np.linspace(-1, 1, 15)
    features = polynomial_features(x, degree)
    penalty = lam * np.diag([0.0] + [1.0] * degree)
    hat = np.linalg.solve(features.T @ features + penalty, features.T)
    S = polynomial_features(POINTS, degree) @ hat
    variance = NOISE**2 * (S**2).sum(axis=1)

    bias_squared, measured = measure(degree, lam)
    np.testing.assert_allclose(measured, variance, rtol=5 * np.sqrt(2 / 2000))
    error = 5 * np.sqrt(variance / 2000)  # of the mean prediction
    bias = abs(S @ f(x) - f(POINTS))
    assert (abs(np.sqrt(bias_squared) - bias) < error).all()


@pytest.mark.equation("eq-variance-least-squares")
@pytest.mark.parametrize("degree", [0, 2, 7, 14])
def test_every_parameter_of_a_least_squares_fit_costs_the_same_variance(degree):
    x = np.linspace(-1, 1, 15)
    features = polynomial_features(x, degree)

    def train_and_predict(rng):
        return features @ fit_polynomial(x, f(x) + NOISE * rng.standard_normal(15), degree)

    _, variance = bias_variance(train_and_predict, f(x), 1000, rng())
    expected = NOISE**2 * (degree + 1) / 15
    assert variance.mean() == pytest.approx(expected, rel=5 * np.sqrt(2 / 1000 / (degree + 1)))


def test_bias_falls_and_variance_grows_with_the_degree_and_the_penalty_turns_it_round():
    bias, variance = np.array([[part.mean() for part in measure(d)] for d in (1, 3, 9)]).T
    assert (np.diff(bias) < 0).all()
    assert (np.diff(variance) > 0).all()
    penalised_bias, penalised_variance = (part.mean() for part in measure(9, lam=0.5))
    assert penalised_bias > bias[2]
    assert penalised_variance < variance[2] / 2


@pytest.mark.equation("eq-bias-variance")
def test_bias_and_variance_add_to_the_mean_squared_distance_from_the_truth():
    predictions = rng().standard_normal((50, 4))
    rows = iter(predictions)
    truth = np.arange(4.0)
    bias_squared, variance = bias_variance(lambda rng: next(rows), truth, 50, rng())
    distance = ((predictions - truth) ** 2).mean(axis=0)
    np.testing.assert_allclose(bias_squared + variance, distance, rtol=1e-12)


def test_the_same_seed_gives_the_same_figures():
    np.testing.assert_array_equal(measure(3, n_samples=5), measure(3, n_samples=5))


X, Y = data()
CASES = {
    "x": (lambda: polynomial_features([[1.0]], 2), ValueError, r"x: .* \(N,\), got \(1, 1\)"),
    "degree": (lambda: polynomial_features(X, -1), ValueError, r"degree \+ 1: .* least 1, got 0"),
    "y": (lambda: fit_polynomial(X, Y[:3], 2), ValueError, r"y: .* \(30,\), got \(3,\)"),
    "lam": (lambda: fit_polynomial(X, Y, 2, -1), ValueError, r"lam: .* \[0, inf\), got -1"),
    "truth": (lambda: bias_variance(np.sin, [], 2, rng()), ValueError, r"truth: .* \(empty\)"),
    "once": (lambda: bias_variance(np.sin, [1], 1, rng()), ValueError, r"n_samples: .* 2, got 1"),
    "rng": (lambda: bias_variance(np.sin, [1], 2, None), TypeError, r"rng: .* got NoneType"),
    "predictions": (
        lambda: bias_variance(lambda rng: [1.0], [1, 2], 2, rng()),
        ValueError,
        r"predictions: expected shape \(2,\), got \(1,\)",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_refused(name):
    call, error, pattern = CASES[name]
    with pytest.raises(error, match=pattern):
        call()
