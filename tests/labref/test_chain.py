"""Chains of single neurons: gradients, their bound, and how they explode."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import special

from labref.chain import (
    chain_forward,
    chain_gradient,
    exploding_biases,
    growth_factors,
    growth_window,
    vanishing_bound,
)
from labref.gradcheck import numerical_gradient, relative_error
from labref.layers import Dense

lengths = st.integers(1, 6)


def example(n_layers=4, size=2.0):
    """Return input, weights and biases."""
    ws, bs = np.random.default_rng(n_layers).uniform(-size, size, (2, n_layers))
    return 0.7, ws, bs


@pytest.mark.equation("eq-chain")
@given(n=lengths)
def test_forward_feeds_each_neuron_the_one_before_it(n):
    x, ws, bs = example(n)
    a, y = chain_forward(x, ws, bs)
    inputs = np.append(x, y[:-1])
    np.testing.assert_allclose(a, ws * inputs + bs, rtol=1e-14)
    np.testing.assert_allclose(y, special.expit(a), rtol=1e-14)


@pytest.mark.equation("eq-chain-gradient")
@given(n=lengths)
def test_the_gradient_agrees_with_central_differences(n):
    x, ws, bs = example(n)
    numerical = numerical_gradient(lambda bs: chain_forward(x, ws, bs)[1][-1], bs)
    assert relative_error(chain_gradient(x, ws, bs), numerical) < 1e-7


@pytest.mark.equation("eq-chain-weight-gradient")
@given(n=lengths)
def test_a_weights_gradient_is_its_biases_times_what_the_neuron_gets(n):
    x, ws, bs = example(n)
    inputs = np.append(x, chain_forward(x, ws, bs)[1][:-1])
    numerical = numerical_gradient(lambda ws: chain_forward(x, ws, bs)[1][-1], ws)
    assert relative_error(inputs * chain_gradient(x, ws, bs), numerical) < 1e-7


@given(n=lengths)
def test_the_gradient_is_that_of_dense_layers_of_one_unit(n):
    x, ws, bs = example(n)
    layers = [Dense([[w]], [b], "sigmoid") for w, b in zip(ws, bs, strict=True)]
    y = np.array([[x]])
    for layer in layers:
        y = layer.forward(y)
    grad = np.ones((1, 1))
    for layer in reversed(layers):
        grad = layer.backward(grad)
    expected = [layer.db[0] for layer in layers]
    np.testing.assert_allclose(chain_gradient(x, ws, bs), expected, rtol=1e-12)


def test_the_gradient_is_the_product_of_slopes_and_weights():
    x, ws, bs = example(4)
    slope = [special.expit(a) * special.expit(-a) for a in chain_forward(x, ws, bs)[0]]
    first = slope[0] * ws[1] * slope[1] * ws[2] * slope[2] * ws[3] * slope[3]
    gradient = chain_gradient(x, ws, bs)
    assert gradient[0] == pytest.approx(first, rel=1e-12)
    assert gradient[-1] == pytest.approx(slope[-1], rel=1e-12)


@pytest.mark.equation("eq-growth-factor")
def test_growth_factors_are_ratios_of_neighbouring_gradients():
    x, ws, bs = example(6)
    gradient = chain_gradient(x, ws, bs)
    np.testing.assert_allclose(growth_factors(x, ws, bs), gradient[:-1] / gradient[1:], rtol=1e-12)


@pytest.mark.equation("eq-vanishing-bound")
@given(
    ws=arrays(np.float64, 5, elements=st.floats(-1, 1, exclude_min=True, exclude_max=True)),
    bs=arrays(np.float64, 5, elements=st.floats(-30, 30)),
    x=st.floats(-100, 100),
)
def test_gradients_stay_below_the_bound(ws, bs, x):
    gradient = abs(chain_gradient(x, ws, bs))
    for n in range(1, 6):
        # The bound holds between any two neurons that are n - 1 apart.
        assert (gradient[: 6 - n] <= vanishing_bound(n) * gradient[n - 1 :] * (1 + 1e-12)).all()


def test_the_bound_is_reached_as_weights_go_to_one_and_every_a_to_zero():
    ws = np.full(3, 1 - 1e-9)
    gradient = chain_gradient(0.3, ws, exploding_biases(0.3, ws))
    assert gradient[0] / gradient[2] == pytest.approx(vanishing_bound(3), rel=1e-8)
    assert vanishing_bound(3) == 1 / 16
    assert vanishing_bound(1) == 1


@pytest.mark.equation("eq-chain-weight-bound")
@given(
    ws=arrays(np.float64, 5, elements=st.floats(-1, 1)),
    bs=arrays(np.float64, 5, elements=st.floats(-30, 30)),
    x=st.floats(-100, 100),
)
def test_gradients_at_weights_stay_below_their_bound(ws, bs, x):
    inputs = np.append(x, chain_forward(x, ws, bs)[1][:-1])
    gradient = abs(inputs * chain_gradient(x, ws, bs))
    for n in range(2, 6):
        assert gradient[0] <= abs(x) * vanishing_bound(n - 1) * gradient[n - 1] * (1 + 1e-12)


@pytest.mark.equation("eq-chain-weight-bound")
def test_the_bound_of_the_weights_gradients_has_one_factor_less():
    x, ws = 1.0, np.full(3, 1 - 1e-9)
    bs = exploding_biases(x, ws)
    bs[1] = -30.0  # the second neuron puts out next to nothing
    inputs = np.append(x, chain_forward(x, ws, bs)[1][:-1])
    gradient = inputs * chain_gradient(x, ws, bs)
    assert gradient[0] / gradient[2] == pytest.approx(vanishing_bound(2), rel=1e-8)


@pytest.mark.equation("eq-exploding-biases")
def test_biases_of_minus_w_times_y_put_every_neuron_at_zero():
    ws = np.array([100.0, -30.0, 100.0, 7.0])
    a, y = chain_forward(0.8, ws, exploding_biases(0.8, ws))
    np.testing.assert_allclose(a, 0, atol=1e-13)
    np.testing.assert_allclose(y, 0.5, rtol=1e-13)


def test_weights_of_100_make_gradients_grow_25_fold_per_layer():
    ws = np.full(5, 100.0)
    bs = exploding_biases(0.8, ws)
    np.testing.assert_allclose(growth_factors(0.8, ws, bs), 25, rtol=1e-12)
    gradient = chain_gradient(0.8, ws, bs)
    np.testing.assert_allclose(gradient, 0.25 * 25.0 ** np.arange(4, -1, -1), rtol=1e-12)


@pytest.mark.equation("eq-growth-window")
@pytest.mark.parametrize(("w", "b"), [(5.0, -2.5), (-7.0, 3.5), (100.0, -30.0), (6.9, 0.0)])
def test_gradients_grow_in_a_window_of_that_width(w, b):
    middle = -b / w
    inputs = np.linspace(middle - 1, middle + 1, 20_001)
    grows = [abs(growth_factors(x, [w, w], [b, 0])[0]) > 1 for x in inputs]
    assert growth_window(w) == pytest.approx(2 * np.mean(grows), abs=2e-4)


def test_nothing_grows_with_weights_up_to_4():
    assert growth_window(4) == growth_window(-4.0) == growth_window(0) == 0
    widths = [growth_window(w) for w in np.arange(4, 20, 0.1)]
    assert 4 + np.argmax(widths) / 10 == pytest.approx(6.9)
    assert max(widths) == pytest.approx(0.45, abs=0.005)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_of_the_weights_is_kept_and_no_argument_changed(dtype):
    x, ws, bs = example()
    ws, bs = ws.astype(dtype), bs.astype(dtype)
    before = ws.copy(), bs.copy()
    results = [*chain_forward(x, ws, bs), chain_gradient(x, ws, bs), exploding_biases(x, ws)]
    results.append(growth_factors(x, ws, bs))
    assert {array.dtype for array in results} == {np.dtype(dtype)}
    np.testing.assert_array_equal(ws, before[0])
    np.testing.assert_array_equal(bs, before[1])


def test_plain_lists_will_do():
    assert chain_gradient(1, [1, 2], [0, 0]).shape == (2,)
    np.testing.assert_array_equal(exploding_biases(2, [3, 4]), [-6, -2])


CASES = {
    "x": (lambda: chain_forward([1.0], [1], [1]), TypeError, "x: expected a number, got list"),
    "x-nan": (lambda: chain_gradient(np.nan, [1], [1]), ValueError, "x: expected a number in"),
    "ws": (lambda: chain_gradient(1, [[1]], [1]), ValueError, r"ws: .* \(L,\), got \(1, 1\)"),
    "ws-empty": (lambda: chain_gradient(1, [], []), ValueError, r"ws: expected shape \(L,\), got"),
    "bs": (lambda: growth_factors(1, [1, 2], [1]), ValueError, r"bs: .* \(2,\), got \(1,\)"),
    "biases-ws": (lambda: exploding_biases(1, ["a"]), TypeError, "ws: expected real numbers"),
    "biases-x": (lambda: exploding_biases("1", [1]), TypeError, "x: expected a number, got str"),
    "bound": (lambda: vanishing_bound(0), ValueError, "n_layers: expected at least 1, got 0"),
    "window": (lambda: growth_window([5]), TypeError, "w: expected a number, got list"),
    "bound-float": (lambda: vanishing_bound(2.0), TypeError, "n_layers: expected an integer"),
}


@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_refused_with_argument_expectation_and_finding(name):
    call, error, pattern = CASES[name]
    with pytest.raises(error, match=pattern):
        call()
