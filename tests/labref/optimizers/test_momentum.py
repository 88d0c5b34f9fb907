"""Momentum and Nesterov momentum: steps, trajectories, the two forms, rates."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labref.optimizers import Momentum, Nesterov, momentum_step, nesterov_step
from labref.schedules import constant, inverse_time, step_down
from tests.labref.optimizers.logcosh import START, gradient, torch_trajectory, trajectory

W, V, G = np.array([1.0, -2.0]), np.array([0.5, 0.25]), np.array([3.0, 4.0])
betas = st.floats(0, 0.99)
schedules = st.sampled_from([constant(0.1), inverse_time(0.2, 5.0), step_down(0.2, 0.5, 7)])


def quadratic_matrix(step, h):
    """Return the matrix that ``step(w, v)`` applies to (w, v) on the quadratic h w^2 / 2."""
    columns = [step(np.array(w), np.array(v)) for w, v in ((1.0, 0.0), (0.0, 1.0))]
    return np.array(columns).T


def spectral_radius(matrix):
    return np.abs(np.linalg.eigvals(matrix)).max()


@pytest.mark.equation("eq-momentum")
def test_a_step_by_hand():
    w, v = momentum_step(W, V, G, lr=0.1, beta=0.5)
    np.testing.assert_allclose(v, [0.25 - 0.3, 0.125 - 0.4])
    np.testing.assert_allclose(w, [1 - 0.05, -2 - 0.275])


@pytest.mark.equation("eq-nesterov")
def test_nesterov_asks_for_the_gradient_where_the_velocity_alone_would_lead():
    asked = []

    def grad_fn(w):
        asked.append(w)
        return G

    w, v = nesterov_step(W, V, grad_fn, lr=0.1, beta=0.5)
    np.testing.assert_allclose(asked, [W + 0.5 * V])
    np.testing.assert_allclose(v, 0.5 * V - 0.1 * G)
    np.testing.assert_allclose(w, W + v)


@pytest.mark.equation("eq-velocity")
def test_the_velocity_is_a_decaying_sum_of_gradients():
    rng = np.random.default_rng(0)
    gradients = rng.standard_normal((20, 3))
    w, v = np.zeros(3), np.zeros(3)
    for g in gradients:
        w, v = momentum_step(w, v, g, lr=0.3, beta=0.8)
    weights = 0.8 ** np.arange(20)[::-1]
    np.testing.assert_allclose(v, -0.3 * weights @ gradients)


@pytest.mark.parametrize("optimizer", [Momentum, Nesterov])
def test_the_trajectory_is_pytorchs(golden, optimizer):
    def compute():
        return {
            "Momentum": torch_trajectory("SGD", lr=0.05, momentum=0.9),
            "Nesterov": torch_trajectory("SGD", lr=0.05, momentum=0.9, nesterov=True),
        }

    expected = golden("momentum", compute)[optimizer.__name__]
    np.testing.assert_allclose(trajectory(optimizer(0.05, 0.9)), expected, rtol=1e-10)


@pytest.mark.equation("eq-momentum")
@given(lr=schedules, beta=betas)
def test_the_momentum_optimizer_takes_the_steps_of_the_function(lr, beta):
    optimizer, p = Momentum(lr, beta), START.copy()
    w, v = START, np.zeros(3)
    for t in range(30):
        w, v = momentum_step(w, v, gradient(w), lr(t), beta)
        optimizer.step(p, gradient(p))
        np.testing.assert_allclose(p, w, rtol=1e-12)
        np.testing.assert_allclose(optimizer.v, v, rtol=1e-9, atol=1e-14)


@pytest.mark.equation("eq-nesterov", "eq-nesterov-shifted")
@pytest.mark.pitfall("P13")
@given(lr=schedules, beta=betas)
def test_the_nesterov_optimizer_moves_the_look_ahead_point(lr, beta):
    """Its parameters are w + beta v at every step, whatever the schedule."""
    optimizer, p = Nesterov(lr, beta), START.copy()
    w, v = START, np.zeros(3)
    for t in range(30):
        w, v = nesterov_step(w, v, gradient, lr(t), beta)
        optimizer.step(p, gradient(p))
        np.testing.assert_allclose(p, w + beta * v, rtol=1e-11)
        np.testing.assert_allclose(p - beta * optimizer.v, w, rtol=1e-11)


@pytest.mark.pitfall("P13")
def test_deck_ds_nesterov_scheme_is_the_heavy_ball():
    """w = w + v; gradient; v = beta v - lr g: no look-ahead, only the order is turned round."""
    curvature, lr, beta = np.array([1.0, 10.0]), 0.05, 0.9
    ball, v = np.array([1.0, 1.0]), np.zeros(2)
    deck, u = ball.copy(), np.zeros(2)
    ahead, a = ball.copy(), np.zeros(2)
    for _ in range(60):
        deck = deck + u
        np.testing.assert_array_equal(deck, ball)
        u = beta * u - lr * (curvature * deck)
        ball, v = momentum_step(ball, v, curvature * ball, lr, beta)
        ahead, a = nesterov_step(ahead, a, lambda w: curvature * w, lr, beta)
    assert np.abs(ahead - ball).max() > 0.01


@pytest.mark.equation("eq-momentum-rate")
@given(beta=st.floats(0.01, 1), where=st.floats(0.01, 0.99))
def test_the_heavy_ball_converges_at_the_root_of_beta(beta, where):
    """... per step, in every direction with (1 - sqrt beta)^2 < lr h < (1 + sqrt beta)^2."""
    low, high = (1 - np.sqrt(beta)) ** 2, (1 + np.sqrt(beta)) ** 2
    h, lr = 2.0, (low + where * (high - low)) / 2.0
    matrix = quadratic_matrix(lambda w, v: momentum_step(w, v, h * w, lr, beta), h)
    assert spectral_radius(matrix) == pytest.approx(np.sqrt(beta), rel=1e-6)


@pytest.mark.equation("eq-momentum-rate")
@given(condition=st.floats(1.5, 1e4))
def test_at_its_best_the_heavy_ball_has_one_rate_for_all_curvatures(condition):
    root = (np.sqrt(condition) - 1) / (np.sqrt(condition) + 1)
    lr = (1 + root) ** 2 / condition
    for h in np.linspace(1, condition, 9):
        matrix = quadratic_matrix(lambda w, v, h=h: momentum_step(w, v, h * w, lr, root**2), h)
        assert spectral_radius(matrix) == pytest.approx(root, abs=1e-6)


@pytest.mark.equation("eq-nesterov-rate")
@given(condition=st.floats(1.5, 1e4))
def test_nesterov_converges_at_one_minus_the_inverse_root_of_the_condition_number(condition):
    beta = (np.sqrt(condition) - 1) / (np.sqrt(condition) + 1)

    def rate(h):
        return spectral_radius(
            quadratic_matrix(lambda w, v: nesterov_step(w, v, lambda p: h * p, 1.0, beta), h)
        )

    rates = [rate(h) for h in np.geomspace(1 / condition, 1, 20)]
    assert max(rates) == pytest.approx(1 - 1 / np.sqrt(condition), abs=1e-6)


def test_momentum_crosses_a_valley_in_fewer_steps():
    """Condition number 100: about 1 - 1/10 per step with momentum, 1 - 2/101 without."""
    curvature = np.array([1.0, 100.0])

    def steps(optimizer):
        w = np.ones(2)
        for t in range(10_000):
            if np.abs(w).max() < 1e-6:
                return t
            optimizer.step(w, curvature * w)
        return None

    descent = steps(Momentum(2 / 101, 0))
    ball = steps(Momentum((2 / 11) ** 2, (9 / 11) ** 2))
    nesterov = steps(Nesterov(1 / 100, 9 / 11))
    assert 600 < descent < 800
    assert ball < 120
    assert nesterov < 180


@pytest.mark.equation("eq-terminal-velocity")
def test_under_a_steady_gradient_the_step_size_grows_to_lr_over_one_minus_beta():
    w, v = np.zeros(1), np.zeros(1)
    for _ in range(200):
        w, v = momentum_step(w, v, np.ones(1), lr=0.1, beta=0.9)
    assert -v[0] == pytest.approx(0.1 / (1 - 0.9))


def test_when_lr_drops_the_velocity_follows_slowly():
    """PyTorch's convention would scale the step by the ratio of the lrs at once."""
    optimizer, w = Momentum(step_down(1.0, 0.1, 100), 0.9), np.zeros(1)
    for _ in range(100):
        optimizer.step(w, np.ones(1))
    before = optimizer.v[0]
    optimizer.step(w, np.ones(1))
    assert optimizer.v[0] == pytest.approx(0.9 * before - 0.1)
    assert optimizer.v[0] / before > 0.9


@pytest.mark.pitfall("P23")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_functions_keep_dtypes_and_arguments(dtype):
    w, v, g = W.astype(dtype), V.astype(dtype), G.astype(dtype)
    results = momentum_step(w, v, g, 0.1, 0.9) + nesterov_step(w, v, lambda p: 3 * p, 0.1, 0.9)
    assert {array.dtype for array in results} == {np.dtype(dtype)}
    for array, before in ((w, W), (v, V), (g, G)):
        np.testing.assert_array_equal(array, before)


CASES = {
    "v": (lambda: momentum_step(W, V[:1], G, 0.1, 0.9), r"v: expected shape \(2,\), got \(1,\)"),
    "grad": (lambda: momentum_step(W, V, [1], 0.1, 0.9), r"grad: expected shape \(2,\), got \(1"),
    "nan": (lambda: momentum_step(W, V, [1, np.nan], 0.1, 0.9), r"grad: .* got nan at index \(1"),
    "lr": (lambda: momentum_step(W, V, G, 0, 0.9), r"lr: expected a number in \(0, inf\), got 0"),
    "beta": (lambda: momentum_step(W, V, G, 1, 1.1), r"beta: expected .* \[0, 1\], got 1.1"),
    "grad_fn": (
        lambda: nesterov_step(W, V, lambda w: 1.0, 0.1, 0.9),
        r"grad_fn: expected shape \(2,\), got \(\)",
    ),
    "nesterov-v": (lambda: nesterov_step(W, [1], None, 0.1, 0.9), r"v: expected shape \(2,\)"),
    "class-lr": (lambda: Momentum(-1.0), r"lr: expected a number in \(0, inf\), got -1.0"),
    "class-beta": (lambda: Nesterov(0.1, -0.1), r"beta: expected .* \[0, 1\], got -0.1"),
}


@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_refused_with_argument_expectation_and_finding(name):
    call, pattern = CASES[name]
    with pytest.raises(ValueError, match=pattern):
        call()
