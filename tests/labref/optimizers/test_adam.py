"""Adam: steps, trajectory, bias correction, eps, what it is invariant to."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labref.optimizers import Adam, adam_step
from labref.schedules import inverse_time
from tests.labref.optimizers.logcosh import START, gradient, torch_trajectory, trajectory

W, M, V, G = np.array([1.0, -2.0]), np.array([0.5, -1.0]), np.array([4.0, 9.0]), np.ones(2)
betas = st.floats(0, 0.999)


@pytest.mark.equation("eq-adam-moments", "eq-adam")
def test_a_step_by_hand():
    w, m, v = adam_step(W, M, V, 2, G, lr=0.1, beta1=0.5, beta2=0.75, eps=0.25)
    np.testing.assert_allclose(m, [0.75, 0])
    np.testing.assert_allclose(v, [3.25, 7])
    corrected = 0.75 / (1 - 0.25), np.sqrt(3.25 / (1 - 0.5625))
    np.testing.assert_allclose(w, [1 - 0.1 * corrected[0] / (corrected[1] + 0.25), -2])


def test_the_trajectory_is_pytorchs(golden):
    def compute():
        return {"w": torch_trajectory("Adam", lr=0.2, betas=(0.8, 0.95), eps=1e-3)}

    expected = golden("adam", compute)["w"]
    np.testing.assert_allclose(trajectory(Adam(0.2, 0.8, 0.95, 1e-3)), expected, rtol=1e-10)


@pytest.mark.equation("eq-adam-moments", "eq-adam")
@given(beta1=betas, beta2=betas, eps=st.floats(1e-12, 1))
def test_the_optimizer_takes_the_steps_of_the_function(beta1, beta2, eps):
    lr = inverse_time(0.1, 10.0)
    optimizer, p = Adam(lr, beta1, beta2, eps), START.copy()
    w, m, v = START, np.zeros(3), np.zeros(3)
    for t in range(1, 21):
        g = gradient(w)  # the same for both: differences of rounding must not grow
        w, m, v = adam_step(w, m, v, t, g, lr(t - 1), beta1, beta2, eps)
        optimizer.step(p, g)
        np.testing.assert_allclose(p, w, rtol=1e-11, atol=1e-12)
        np.testing.assert_allclose((1 - beta1) * optimizer.m, m, rtol=1e-11, atol=1e-14)
        np.testing.assert_allclose((1 - beta2) * optimizer.v, v, rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("overwrite", [False, True])
def test_in_float32_it_stays_within_rounding_of_the_function_in_float64(overwrite):
    rng = np.random.default_rng(0)
    optimizer, p = Adam(0.01), np.zeros(1000, np.float32)
    w, m, v = np.zeros(1000), np.zeros(1000), np.zeros(1000)
    for t in range(1, 301):
        g = (rng.standard_normal(1000) * 10.0 ** np.linspace(-9, 3, 1000)).astype(np.float32)
        w, m, v = adam_step(w, m, v, t, g, 0.01, 0.9, 0.999, 1e-8)
        optimizer.step(p, g, overwrite)
    np.testing.assert_allclose(p, w, atol=3e-6)


@pytest.mark.pitfall("P11")
@pytest.mark.parametrize("g", [1e-3, 1.0, -50.0])
def test_under_a_steady_gradient_every_step_is_lr(g):
    """Without ^t in the correction, step 1000 would be 0.398 of that; kept in place, less still."""
    optimizer, p = Adam(0.1, eps=1e-30), np.zeros(1)
    w, m, v = np.zeros(1), np.zeros(1), np.zeros(1)
    for t in range(1, 1001):
        before, p_before = w, p.copy()
        w, m, v = adam_step(w, m, v, t, [g], 0.1, 0.9, 0.999, 0)
        optimizer.step(p, np.array([g]))
        assert (before - w)[0] == pytest.approx(0.1 * np.sign(g), rel=1e-9)
        assert (p_before - p)[0] == pytest.approx(0.1 * np.sign(g), rel=1e-9)


@pytest.mark.pitfall("P11")
def test_the_first_step_is_number_1():
    with pytest.raises(ValueError, match=r"t: expected at least 1, got 0"):
        adam_step(W, M, V, 0, G, 0.1, 0.9, 0.999, 1e-8)


@pytest.mark.pitfall("P12")
@pytest.mark.parametrize("t", [1, 10, 1000])
def test_eps_is_added_to_the_root_of_the_corrected_moment(t):
    """Correcting lr instead would leave 0.767 of the step for this gradient at t = 1."""
    g, eps = 1e-6, 1e-8
    optimizer, p, w = Adam(1.0, eps=eps), np.zeros(1), np.zeros(1)
    m, v = np.zeros(1), np.zeros(1)
    for i in range(1, t + 1):
        before, p_before = w, p.copy()
        w, m, v = adam_step(w, m, v, i, [g], 1.0, 0.9, 0.999, eps)
        optimizer.step(p, np.array([g]))
    assert (before - w)[0] == pytest.approx(g / (g + eps), rel=1e-9)
    assert (p_before - p)[0] == pytest.approx(g / (g + eps), rel=1e-9)


@given(scale=st.floats(1e-6, 1e6), seed=st.integers(0, 100))
def test_the_scale_of_the_gradients_does_not_matter(scale, seed):
    gradients = np.random.default_rng(seed).standard_normal((20, 3))
    one, other = Adam(0.1, eps=1e-40), Adam(0.1, eps=1e-40)
    w, u = np.zeros(3), np.zeros(3)
    for g in gradients:
        one.step(w, g)
        other.step(u, scale * g)
    np.testing.assert_allclose(u, w, rtol=1e-9, atol=1e-12)


@given(signs=st.lists(st.sampled_from([-1.0, 1.0]), min_size=3, max_size=3))
def test_mirrored_gradients_give_mirrored_steps(signs):
    optimizer, mirrored = Adam(0.1), Adam(0.1)
    w, u, signs = np.zeros(3), np.zeros(3), np.array(signs)
    for g in np.random.default_rng(0).standard_normal((10, 3)):
        optimizer.step(w, g)
        mirrored.step(u, signs * g)
    np.testing.assert_array_equal(u, signs * w)


def test_without_decay_it_follows_signs():
    w, _, _ = adam_step(W, M, V, 7, [3.0, -0.1], lr=0.1, beta1=0, beta2=0, eps=0)
    np.testing.assert_allclose(w, W - 0.1 * np.array([1, -1]))


def test_deck_ds_scheme_stalls_and_overflows():
    """It divides the moments themselves by 1 - rho, anew in each step."""
    w, s, r, steps = 1.0, 0.0, 0.0, []
    with np.errstate(over="ignore", invalid="ignore"):
        for t in range(400):
            g, before = np.float64(w), (s, r)
            s = (0.9 * s + 0.1 * g) / 0.1
            r = (0.999 * r + 0.001 * g * g) / 0.001
            if t == 50:
                assert s / before[0] == pytest.approx(9)
                assert r / before[1] == pytest.approx(999)
            change = 0.001 * s / (1e-8 + np.sqrt(r))
            steps.append(change)
            w -= change
    assert max(steps[20:100]) < 1e-3 * steps[0]
    assert np.isnan(w)


@pytest.mark.pitfall("P23")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_function_keeps_dtypes_and_arguments(dtype):
    arguments = [array.astype(dtype) for array in (W, M, V, G)]
    w, m, v, g = arguments
    results = adam_step(w, m, v, 3, g, 0.1, 0.9, 0.999, 1e-8)
    assert {array.dtype for array in results} == {np.dtype(dtype)}
    for array, before in zip(arguments, (W, M, V, G), strict=True):
        np.testing.assert_array_equal(array, before)


def step(w=W, m=M, v=V, t=1, grad=G, lr=0.1, beta1=0.9, beta2=0.999, eps=1e-8):
    return adam_step(w, m, v, t, grad, lr, beta1, beta2, eps)


CASES = {
    "m": (lambda: step(m=[1.0]), ValueError, r"m: expected shape \(2,\), got \(1,\)"),
    "v": (lambda: step(v=-V), ValueError, r"v: expected no negative numbers, got -9.0"),
    "grad": (lambda: step(grad=[1, np.inf]), ValueError, r"grad: .* got inf at index \(1,\)"),
    "t": (lambda: step(t=1.0), TypeError, r"t: expected an integer, got float"),
    "lr": (lambda: step(lr=0), ValueError, r"lr: expected a number in \(0, inf\), got 0"),
    "beta1": (lambda: step(beta1=1), ValueError, r"beta1: expected .* \[0, 1\), got 1"),
    "beta2": (lambda: step(beta2=-0.1), ValueError, r"beta2: expected .* \[0, 1\), got -0.1"),
    "eps": (lambda: step(eps=-1), ValueError, r"eps: expected a number in \[0, inf\), got -1"),
    "class-lr": (lambda: Adam("fast"), TypeError, r"lr: expected a number, got str"),
    "class-beta1": (lambda: Adam(beta1=1), ValueError, r"beta1: expected .* \[0, 1\), got 1"),
    "class-beta2": (lambda: Adam(beta2=1), ValueError, r"beta2: expected .* \[0, 1\), got 1"),
    "class-eps": (lambda: Adam(eps=0), ValueError, r"eps: expected .* \(0, inf\), got 0"),
}


@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_refused_with_argument_expectation_and_finding(name):
    call, error, pattern = CASES[name]
    with pytest.raises(error, match=pattern):
        call()
