"""AdaGrad and RMSProp: steps, trajectories, where eps stands."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labref.optimizers import AdaGrad, RMSProp, adagrad_step, rmsprop_step
from labref.schedules import inverse_time
from tests.labref.optimizers.logcosh import START, gradient, torch_trajectory, trajectory

W, R, G = np.array([1.0, -2.0]), np.array([4.0, 9.0]), np.array([3.0, 4.0])


@pytest.mark.equation("eq-adagrad", "eq-rmsprop")
def test_steps_by_hand():
    w, r = adagrad_step(W, R, G, lr=0.1, eps=0.5)
    np.testing.assert_allclose(r, [13, 25])
    np.testing.assert_allclose(w, [1 - 0.3 / (0.5 + np.sqrt(13)), -2 - 0.4 / 5.5])
    w, r = rmsprop_step(W, R, G, lr=0.1, rho=0.75, eps=0.5)
    np.testing.assert_allclose(r, [3 + 9 / 4, 6.75 + 4])
    np.testing.assert_allclose(w, [1 - 0.3 / np.sqrt(5.75), -2 - 0.4 / np.sqrt(11.25)])


def test_adagrads_trajectory_is_pytorchs(golden):
    def compute():
        return {"w": torch_trajectory("Adagrad", lr=0.4, eps=1e-3)}

    expected = golden("adagrad", compute)["w"]
    np.testing.assert_allclose(trajectory(AdaGrad(0.4, eps=1e-3)), expected, rtol=1e-10)


def test_rmsprops_trajectory_is_pytorchs_when_eps_vanishes(golden):
    """PyTorch has eps outside the root, so only eps = 0 compares."""

    def compute():
        return {"w": torch_trajectory("RMSprop", lr=0.02, alpha=0.95, eps=0)}

    expected = golden("rmsprop", compute)["w"]
    np.testing.assert_allclose(trajectory(RMSProp(0.02, 0.95, eps=1e-40)), expected, rtol=1e-10)
    w, r, path = START, np.zeros(3), []
    for _ in expected:
        w, r = rmsprop_step(w, r, gradient(w), 0.02, 0.95, 0)
        path.append(w)
    np.testing.assert_allclose(path, expected, rtol=1e-10)


@given(lr=st.floats(1e-3, 0.5), eps=st.floats(1e-12, 0.1), rho=st.floats(0, 0.999))
def test_the_optimizers_take_the_steps_of_the_functions(lr, eps, rho):
    lr = inverse_time(lr, 10.0)
    adagrad, rmsprop = AdaGrad(lr, eps), RMSProp(lr, rho, eps)
    p, q = START.copy(), START.copy()
    (w, r), (u, s) = (START, np.zeros(3)), (START, np.zeros(3))
    for t in range(20):
        g = gradient(w)  # the same for all: differences of rounding must not grow
        w, r = adagrad_step(w, r, g, lr(t), eps)
        u, s = rmsprop_step(u, s, g, lr(t), rho, eps)
        adagrad.step(p, g)
        rmsprop.step(q, g)
        np.testing.assert_allclose(p, w, rtol=1e-11, atol=1e-12)
        np.testing.assert_allclose(q, u, rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(adagrad.r, r, rtol=1e-12)
    np.testing.assert_allclose(rmsprop.r, s, rtol=1e-12)


@pytest.mark.pitfall("P12")
def test_eps_is_outside_adagrads_root_and_inside_rmsprops():
    g, eps = np.array([1e-4]), 1e-4
    w, _ = adagrad_step([0.0], [0.0], g, lr=1.0, eps=eps)
    assert w[0] == pytest.approx(-1 / 2, rel=1e-12)
    w, r = rmsprop_step([0.0], [0.0], g, lr=1.0, rho=0.9, eps=eps)
    assert w[0] == pytest.approx(-1e-4 / np.sqrt(1e-4 + r[0]), rel=1e-12)
    for optimizer, expected in ((AdaGrad(1.0, eps), -1 / 2), (RMSProp(1.0, 0.9, eps), w[0])):
        p = np.zeros(1)
        optimizer.step(p, g)
        assert p[0] == pytest.approx(expected, rel=1e-12)


def test_adagrads_steps_shrink_with_the_root_of_t_under_a_steady_gradient():
    """... whatever the size of the gradient: that of a steep and of a flat direction alike."""
    w, r = np.zeros(2), np.zeros(2)
    for t in range(1, 101):
        before = w
        w, r = adagrad_step(w, r, [1000.0, 0.001], lr=0.1, eps=0)
        np.testing.assert_allclose(before - w, 0.1 / np.sqrt(t), rtol=1e-9)


def test_no_rate_of_adagrad_ever_grows_not_even_under_small_gradients():
    w, r, rates = np.zeros(2), np.zeros(2), []
    for g in np.random.default_rng(0).standard_normal((50, 2)) * [1.0, 1e-6]:
        w, r = adagrad_step(w, r, g, lr=0.1, eps=1e-8)
        rates.append(0.1 / (1e-8 + np.sqrt(r)))
    assert (np.diff(rates, axis=0) <= 0).all()
    assert (rates[-1][1] > 1e5 * rates[-1][0]).all()


def test_adagrad_keeps_a_large_step_for_a_gradient_that_is_rarely_there():
    w, r = np.zeros(2), np.zeros(2)
    for t in range(1, 101):
        before = w
        w, r = adagrad_step(w, r, [1.0, float(t % 10 == 0)], lr=0.1, eps=1e-8)
    assert (before - w)[1] == pytest.approx(np.sqrt(10) * (before - w)[0])


def test_rmsprops_steps_go_from_lr_over_root_one_minus_rho_to_lr():
    w, r, steps = np.zeros(1), np.zeros(1), []
    for _ in range(300):
        before = w
        w, r = rmsprop_step(w, r, [5.0], lr=0.1, rho=0.9, eps=0)
        steps.append((before - w)[0])
    assert steps[0] == pytest.approx(0.1 / np.sqrt(0.1))
    assert steps[-1] == pytest.approx(0.1)


@pytest.mark.parametrize("optimizer", [AdaGrad(0.1), RMSProp(0.1)])
def test_a_gradient_that_was_never_there_moves_nothing(optimizer):
    w = np.array([1.0, 2.0])
    for _ in range(3):
        optimizer.step(w, np.array([0.0, 1.0]))
    assert w[0] == 1
    assert w[1] < 2


@pytest.mark.pitfall("P23")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_functions_keep_dtypes_and_arguments(dtype):
    w, r, g = W.astype(dtype), R.astype(dtype), G.astype(dtype)
    results = adagrad_step(w, r, g, 0.1, 1e-8) + rmsprop_step(w, r, g, 0.1, 0.9, 1e-8)
    assert {array.dtype for array in results} == {np.dtype(dtype)}
    for array, before in ((w, W), (r, R), (g, G)):
        np.testing.assert_array_equal(array, before)


CASES = {
    "r": (lambda: adagrad_step(W, -R, G, 1, 1), r"r: expected no negative numbers, got -9.0"),
    "r-shape": (lambda: rmsprop_step(W, [1], G, 1, 0.9, 1), r"r: expected shape \(2,\), got \(1"),
    "grad": (lambda: adagrad_step(W, R, [[1.0]], 1, 1), r"grad: expected shape \(2,\), got \(1, 1"),
    "lr": (lambda: adagrad_step(W, R, G, -1, 1), r"lr: expected a number in \(0, inf\), got -1"),
    "eps": (lambda: adagrad_step(W, R, G, 1, -1), r"eps: expected .* \[0, inf\), got -1"),
    "rho": (lambda: rmsprop_step(W, R, G, 1, 1, 1), r"rho: expected .* \[0, 1\), got 1"),
    "class-eps": (lambda: AdaGrad(0.1, eps=0), r"eps: expected a number in \(0, inf\), got 0"),
    "class-lr": (lambda: RMSProp(0.0), r"lr: expected a number in \(0, inf\), got 0.0"),
    "class-rho": (lambda: RMSProp(0.1, rho=1.0), r"rho: expected .* \[0, 1\), got 1.0"),
}


@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_refused_with_argument_expectation_and_finding(name):
    call, pattern = CASES[name]
    with pytest.raises(ValueError, match=pattern):
        call()
