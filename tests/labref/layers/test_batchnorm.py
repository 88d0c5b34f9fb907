"""Batch normalization: transform, gradients, running statistics, memory orders, float32."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labref.gradcheck import numerical_gradient, relative_error
from labref.layers import (
    BatchNorm,
    Dense,
    batchnorm2d_forward,
    batchnorm_backward,
    batchnorm_backward_stepwise,
    batchnorm_forward,
    batchnorm_inference,
    update_running,
)

EPS = 1e-5
ORDERS = list(itertools.permutations(range(4)))
sizes = st.integers(1, 5)
shapes = st.tuples(st.integers(2, 6), sizes) | st.tuples(st.integers(2, 5), sizes, sizes, sizes)


def example(shape, seed=0, dtype=np.float64):
    """Return x, gamma, beta and a random gradient at the output."""
    rng = np.random.default_rng(seed)
    x, delta = 2 * rng.standard_normal(shape) + 3, rng.standard_normal(shape)
    gamma, beta = rng.standard_normal(shape[1]) + 1, rng.standard_normal(shape[1])
    return [array.astype(dtype) for array in (x, gamma, beta, delta)]


def forward(x, gamma, beta, eps=EPS):
    return (batchnorm_forward if x.ndim == 2 else batchnorm2d_forward)(x, gamma, beta, eps)


def axes(x):
    """Return the axes of rows or images that are averaged over."""
    return tuple(axis for axis in range(x.ndim) if axis != 1)


def per_channel(values, x):
    return values.reshape(-1, *[1] * (x.ndim - 2))


def in_memory_order(x, order):
    """Return an equal array whose axes lie in memory in that order, slowest first."""
    return np.ascontiguousarray(x.transpose(order)).transpose(np.argsort(order))


def memory_order(x):
    return sorted(range(x.ndim), key=lambda axis: -x.strides[axis])


@pytest.mark.equation("eq-batchnorm-moments", "eq-batchnorm-normalize", "eq-batchnorm")
@given(shape=shapes, seed=st.integers(0, 9))
def test_every_feature_is_normalized_scaled_and_shifted(shape, seed):
    x, gamma, beta, _ = example(shape, seed)
    mean, var = x.mean(axis=axes(x)), x.var(axis=axes(x))
    x_hat = (x - per_channel(mean, x)) / per_channel(np.sqrt(var + EPS), x)
    expected = per_channel(gamma, x) * x_hat + per_channel(beta, x)
    y, cache = forward(x, gamma, beta)
    np.testing.assert_allclose(y, expected, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(cache.mean, mean)
    np.testing.assert_allclose(cache.var, var, atol=1e-12)


@pytest.mark.equation("eq-batchnorm-parameters", "eq-batchnorm-closed")
@pytest.mark.pitfall("P4", "P20")
@given(shape=shapes, seed=st.integers(0, 9))
def test_gradients_agree_with_central_differences(shape, seed):
    """... for a random gradient at the output: a constant one has no gradient at the input."""
    x, gamma, beta, delta = example(shape, seed)
    dx, dgamma, dbeta = batchnorm_backward(delta, forward(x, gamma, beta, 0.1)[1])

    def numerical(f, at):
        return numerical_gradient(lambda value: (f(value)[0] * delta).sum(), at)

    assert relative_error(dx, numerical(lambda v: forward(v, gamma, beta, 0.1), x)) < 1e-7
    assert relative_error(dgamma, numerical(lambda v: forward(x, v, beta, 0.1), gamma)) < 1e-7
    assert relative_error(dbeta, numerical(lambda v: forward(x, gamma, v, 0.1), beta)) < 1e-7


@pytest.mark.equation("eq-batchnorm-dx")
@given(n=st.integers(2, 20), d=sizes, seed=st.integers(0, 9))
def test_the_closed_form_equals_the_way_back_through_the_graph(n, d, seed):
    x, gamma, beta, delta = example((n, d), seed)
    cache = batchnorm_forward(x, gamma, beta, EPS)[1]
    steps = batchnorm_backward_stepwise(delta, cache)
    for ours, theirs in zip(batchnorm_backward(delta, cache), steps, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-11)


@pytest.mark.equation(
    "eq-batchnorm-dxhat", "eq-batchnorm-dvar", "eq-batchnorm-dmean", "eq-batchnorm-dx"
)
@given(n=st.integers(2, 8), d=sizes, seed=st.integers(0, 9))
def test_each_step_of_the_way_back_agrees_with_central_differences(n, d, seed):
    """The statistics are arguments of inference, so the loss can be asked about each of them."""
    x, gamma, beta, delta = example((n, d), seed)
    mean, var, eps = x.mean(axis=0), x.var(axis=0), 0.1
    inv_std = 1 / np.sqrt(var + eps)
    x_hat = (x - mean) * inv_std

    def loss(x, mean, var):
        return (batchnorm_inference(x, gamma, beta, mean, var, eps) * delta).sum()

    dx_hat = delta * gamma
    numerical = numerical_gradient(lambda v: ((gamma * v + beta) * delta).sum(), x_hat)
    assert relative_error(dx_hat, numerical) < 1e-7
    dvar = -0.5 * inv_std**3 * (dx_hat * (x - mean)).sum(axis=0)
    numerical = numerical_gradient(lambda v: loss(x, mean, v), var)
    np.testing.assert_allclose(dvar, numerical, rtol=1e-6, atol=1e-8)
    dmean = -inv_std * dx_hat.sum(axis=0) - dvar * 2 / n * (x - mean).sum(axis=0)
    numerical = numerical_gradient(lambda v: loss(x, v, ((x - v) ** 2).mean(axis=0)), mean)
    np.testing.assert_allclose(dmean, numerical, rtol=1e-6, atol=1e-8)
    dx = dx_hat * inv_std + dvar * 2 * (x - mean) / n + dmean / n
    steps = batchnorm_backward_stepwise(delta, batchnorm_forward(x, gamma, beta, eps)[1])
    np.testing.assert_allclose(steps[0], dx, rtol=1e-9, atol=1e-12)


@pytest.mark.equation("eq-batchnorm-projection")
def test_the_input_gradient_is_a_scaled_projection():
    x, gamma, beta, delta = example((8, 3))
    dx = batchnorm_backward(delta, batchnorm_forward(x, gamma, beta, 1e-12)[1])[0]
    for j in range(3):
        x_hat = (x[:, j] - x[:, j].mean()) / x[:, j].std()
        projection = np.eye(8) - np.full((8, 8), 1 / 8) - np.outer(x_hat, x_hat) / 8
        np.testing.assert_allclose(projection @ projection, projection, atol=1e-12)
        expected = gamma[j] / x[:, j].std() * projection @ delta[:, j]
        np.testing.assert_allclose(dx[:, j], expected, atol=1e-9)


def torch_values(x, gamma, beta, delta):
    """Return what PyTorch's layer gives for two batches in training, then in evaluation."""
    import torch

    layer = (torch.nn.BatchNorm1d if x.ndim == 2 else torch.nn.BatchNorm2d)(
        x.shape[1], eps=1e-3, momentum=0.3, dtype=torch.float64
    )
    layer.load_state_dict({"weight": torch.tensor(gamma), "bias": torch.tensor(beta)}, strict=False)
    values = {}
    for mode, shift in (("first", 0.0), ("second", 1.0), ("eval", 2.0)):
        layer.train(mode != "eval")
        layer.zero_grad()
        inputs = torch.tensor(x + shift * x**2, requires_grad=True)
        y = layer(inputs)
        y.backward(torch.tensor(delta))
        arrays = y, inputs.grad, layer.weight.grad, layer.bias.grad
        arrays += layer.running_mean, layer.running_var
        names = "y", "dx", "dgamma", "dbeta", "running_mean", "running_var"
        for name, array in zip(names, arrays, strict=True):
            values[f"{mode}-{name}"] = array.detach().numpy().copy()
    return values


@pytest.mark.pitfall("P4", "P5", "P7")
@pytest.mark.parametrize("shape", [(6, 3), (3, 2, 2, 4)])
def test_training_and_inference_are_pytorchs(golden, shape):
    x, gamma, beta, delta = example(shape)
    name = f"batchnorm{'' if len(shape) == 2 else '2d'}"
    expected = golden(name, lambda: torch_values(x, gamma, beta, delta))
    layer = BatchNorm(shape[1], momentum=0.7, eps=1e-3)
    layer.gamma[:], layer.beta[:] = gamma, beta
    for mode, shift in (("first", 0.0), ("second", 1.0), ("eval", 2.0)):
        y = layer.forward(x + shift * x**2, training=mode != "eval")
        dx = layer.backward(delta)
        np.testing.assert_allclose(y, expected[f"{mode}-y"], rtol=1e-10)
        np.testing.assert_allclose(dx, expected[f"{mode}-dx"], rtol=1e-8, atol=1e-12)
        for state in ("dgamma", "dbeta", "running_mean", "running_var"):
            expected_state = expected[f"{mode}-{state}"]
            np.testing.assert_allclose(getattr(layer, state), expected_state, rtol=1e-10)


@given(shape=shapes, seed=st.integers(0, 9))
def test_what_comes_out_has_mean_beta_and_deviation_gamma(shape, seed):
    x, gamma, beta, _ = example(shape, seed)
    y, cache = forward(x, gamma, beta, 1e-12)
    np.testing.assert_allclose(y.mean(axis=axes(x)), beta, atol=1e-9)
    spread = cache.var > 1e-6  # a channel may hold a single value
    np.testing.assert_allclose(y.std(axis=axes(x))[spread], np.abs(gamma)[spread], rtol=1e-5)


@given(shape=shapes, shift=st.floats(-100, 100), scale=st.floats(0.01, 100))
def test_shift_and_scale_of_the_input_do_not_matter(shape, shift, scale):
    """So a bias before it is in vain, and the scale of the weights before it too (but for eps)."""
    x, gamma, beta, _ = example(shape)
    expected, cache = forward(x, gamma, beta, 1e-14)
    y = forward(scale * x + shift, gamma, beta, 1e-14)[0]
    spread = cache.var > 1e-6
    difference = np.abs(y - expected).max(axis=axes(x))
    assert (difference[spread] < 1e-7).all()


@given(shape=shapes, seed=st.integers(0, 9))
def test_the_input_gradient_is_orthogonal_to_the_constant_and_to_the_output(shape, seed):
    x, gamma, beta, delta = example(shape, seed)
    x_hat, _ = forward(x, np.ones_like(gamma), np.zeros_like(beta), 1e-12)
    dx, _, _ = batchnorm_backward(delta, forward(x, gamma, beta, 1e-12)[1])
    if np.prod(shape) // shape[1] > 1:
        scale = 1e-9 * np.abs(dx).max() + 1e-12
        assert np.abs(dx.sum(axis=axes(x))).max() < 100 * scale
        assert np.abs((dx * x_hat).sum(axis=axes(x))).max() < 1e5 * scale


def test_a_constant_gradient_at_the_output_vanishes_at_the_input():
    x, gamma, beta, _ = example((6, 3))
    dx, dgamma, dbeta = batchnorm_backward(np.ones_like(x), forward(x, gamma, beta)[1])
    np.testing.assert_allclose(dx, 0, atol=1e-14)
    np.testing.assert_allclose(dgamma, 0, atol=1e-12)
    np.testing.assert_allclose(dbeta, 6)


@pytest.mark.equation("eq-batchnorm-scale")
def test_the_gradient_shrinks_as_the_weights_before_it_grow():
    """Twice the weights give the same output and half the gradient (at twice the input too)."""
    x, gamma, beta, delta = example((8, 3))
    dx = batchnorm_backward(delta, forward(x, gamma, beta, 0)[1])[0]
    dx_of_twice = batchnorm_backward(delta, forward(2 * x, gamma, beta, 0)[1])[0]
    np.testing.assert_allclose(dx_of_twice, dx / 2, rtol=1e-10, atol=1e-14)


def test_the_gradient_of_the_weights_before_it_is_orthogonal_to_them():
    """Row by row: their length does not change the output, so that descent lets it grow."""
    rng = np.random.default_rng(0)
    dense, layer = Dense.random(4, 3, "identity", rng), BatchNorm(3, eps=1e-13)
    y = layer.forward(dense.forward(rng.standard_normal((8, 4))), training=True)
    dense.backward(layer.backward(rng.standard_normal(y.shape)))
    along = (dense.dW * dense.W).sum(axis=1) / np.linalg.norm(dense.dW, axis=1)
    np.testing.assert_allclose(along, 0, atol=1e-10)
    np.testing.assert_allclose(dense.db, 0, atol=1e-12)


@pytest.mark.equation("eq-batchnorm-growth")
def test_a_step_of_descent_lengthens_the_weights_before_it_by_pythagoras():
    rng = np.random.default_rng(0)
    dense, layer = Dense.random(4, 3, "identity", rng), BatchNorm(3, eps=1e-13)
    x, delta, lr = rng.standard_normal((8, 4)), rng.standard_normal((8, 3)), 0.5

    def loss(W):
        a = x @ W.T + dense.b
        return (batchnorm_forward(a, layer.gamma, layer.beta, layer.eps)[0] * delta).sum()

    gradient = numerical_gradient(loss, dense.W)
    after = ((dense.W - lr * gradient) ** 2).sum(axis=1)
    expected = (dense.W**2).sum(axis=1) + lr**2 * (gradient**2).sum(axis=1)
    np.testing.assert_allclose(after, expected, rtol=1e-8)
    layer.forward(dense.forward(x), training=True)
    dense.backward(layer.backward(delta))
    assert relative_error(dense.dW, gradient) < 1e-7


@pytest.mark.equation("eq-batchnorm-images")
@pytest.mark.pitfall("P7")
def test_images_have_one_mean_per_channel_not_per_position():
    x, gamma, beta, _ = example((4, 3, 5, 2))
    rows = x.transpose(0, 2, 3, 1).reshape(-1, 3)
    expected = batchnorm_forward(rows, gamma, beta, EPS)[0]
    expected = expected.reshape(4, 5, 2, 3).transpose(0, 3, 1, 2)
    y, cache = batchnorm2d_forward(x, gamma, beta, EPS)
    np.testing.assert_allclose(y, expected, rtol=1e-10)
    assert cache.mean.shape == (3,)


@pytest.mark.pitfall("P22")
@pytest.mark.parametrize("shape", [(4, 3, 5, 2), (1, 3, 5, 2), (4, 1, 5, 1), (4, 3, 1, 1)])
@pytest.mark.parametrize("order", ORDERS)
def test_any_memory_order_gives_the_same_and_is_kept(shape, order):
    x, gamma, beta, delta = example(shape)
    expected, cache = batchnorm2d_forward(x, gamma, beta, EPS)
    gradients = batchnorm_backward(delta, cache)
    x, delta = in_memory_order(x, order), in_memory_order(delta, order)
    y, cache = batchnorm2d_forward(x, gamma, beta, EPS)
    np.testing.assert_allclose(y, expected, rtol=1e-10, atol=1e-12)
    results = batchnorm_backward(delta, cache)
    for ours, theirs in zip(results, gradients, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)
    if 1 not in shape:
        assert memory_order(y) == memory_order(results[0]) == list(order)


@given(n=st.integers(1, 4), steps=st.tuples(*[st.sampled_from([-2, -1, 1, 2])] * 4))
def test_slices_mirrored_and_repeated_arrays_are_right_too(n, steps):
    rng = np.random.default_rng(n)
    whole = rng.standard_normal((4, 6, 4, 6))
    gamma, beta = np.ones(6), np.zeros(6)
    x = whole[tuple(slice(None, None, step) for step in steps)]
    c = x.shape[1]
    expected = batchnorm2d_forward(x.copy(), gamma[:c], beta[:c], EPS)[0]
    np.testing.assert_allclose(batchnorm2d_forward(x, gamma[:c], beta[:c], EPS)[0], expected)
    repeated = np.broadcast_to(whole[:, :, :1], whole.shape)
    expected = batchnorm2d_forward(repeated.copy(), gamma, beta, EPS)[0]
    np.testing.assert_allclose(batchnorm2d_forward(repeated, gamma, beta, EPS)[0], expected)


@pytest.mark.parametrize("shape", [(64, 3), (48, 1000), (30, 50), (17, 40000), (300, 7)])
@pytest.mark.parametrize("transposed", [False, True])
def test_rows_of_any_number_and_length_are_right(shape, transposed):
    x, gamma, beta, delta = example(shape)
    if transposed:
        x, delta = in_memory_order(x, (1, 0)), in_memory_order(delta, (1, 0))
    y, cache = batchnorm_forward(x, gamma, beta, EPS)
    expected = gamma * (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + EPS) + beta
    np.testing.assert_allclose(y, expected, rtol=1e-8, atol=1e-10)
    steps = batchnorm_backward_stepwise(delta, cache)
    for ours, theirs in zip(batchnorm_backward(delta, cache), steps, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-8, atol=1e-10)
    assert y.strides == x.strides


@pytest.mark.pitfall("P6")
@pytest.mark.parametrize("shape", [(64, 3), (4096, 5), (16, 3, 32, 32), (16, 3, 1, 1)])
def test_a_large_offset_in_float32_costs_only_the_digits_it_must(shape):
    """E[x^2] - mean^2 would give variances from -312 to 80 here; the true ones are near 1."""
    rng = np.random.default_rng(0)
    x = (10_000 + rng.standard_normal(shape)).astype(np.float32)
    gamma, beta = np.ones(shape[1], np.float32), np.zeros(shape[1], np.float32)
    exact = x.astype(np.float64)
    expected, cache = forward(exact, gamma.astype(np.float64), beta.astype(np.float64))
    y, ours = forward(x, gamma, beta)
    np.testing.assert_allclose(ours.var, cache.var, rtol=1e-3)
    np.testing.assert_allclose(y, expected, atol=0.01)  # numbers near 10000 are 0.001 apart
    mean, var = update_running(beta, gamma, x, 0.0)
    np.testing.assert_allclose(mean, cache.mean, rtol=1e-6)
    n = np.prod(shape) / shape[1]
    np.testing.assert_allclose(var, cache.var * n / (n - 1), rtol=1e-3)


@pytest.mark.pitfall("P23")
@pytest.mark.parametrize("shape", [(6, 3), (4, 3, 2, 5)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_functions_keep_dtypes_and_arguments(shape, dtype):
    arguments = example(shape, dtype=dtype)
    before = [array.copy() for array in arguments]
    x, gamma, beta, delta = arguments
    y, cache = forward(x, gamma, beta)
    results = [y, *batchnorm_backward(delta, cache), *update_running(beta, gamma**2, x, 0.9)]
    results.append(batchnorm_inference(x, gamma, beta, beta, gamma**2, EPS))
    if len(shape) == 2:
        results += batchnorm_backward_stepwise(delta, cache)
    assert {array.dtype for array in results} == {np.dtype(dtype)}
    for array, copy in zip(arguments, before, strict=True):
        np.testing.assert_array_equal(array, copy)


@pytest.mark.equation("eq-batchnorm-running")
@pytest.mark.pitfall("P5")
def test_running_statistics_keep_momentum_of_the_old_and_take_the_unbiased_variance():
    x = np.array([[1.0, 10.0], [3.0, 10.0], [5.0, 40.0]])
    mean, var = update_running([0.0, 0.0], [1.0, 1.0], x, 0.9)
    np.testing.assert_allclose(mean, [0.3, 2.0])
    np.testing.assert_allclose(var, [0.9 + 0.1 * 4, 0.9 + 0.1 * 300])
    layer = BatchNorm(2)
    np.testing.assert_array_equal(layer.running_mean, [0, 0])
    np.testing.assert_array_equal(layer.running_var, [1, 1])
    layer.forward(x, training=True)
    np.testing.assert_allclose(layer.running_mean, mean)
    np.testing.assert_allclose(layer.running_var, var)


@given(shape=shapes, momentum=st.floats(0, 0.99))
def test_the_layer_runs_its_statistics_as_the_function_does(shape, momentum):
    layer = BatchNorm(shape[1], momentum)
    mean, var = np.zeros(shape[1]), np.ones(shape[1])
    for seed in range(3):
        x = example(shape, seed)[0]
        mean, var = update_running(mean, var, x, momentum)
        layer.forward(x, training=True)
        layer.forward(10 * x)  # inference leaves them alone
    np.testing.assert_allclose(layer.running_mean, mean)
    np.testing.assert_allclose(layer.running_var, var)


def test_running_statistics_of_many_batches_are_those_of_the_data():
    rng = np.random.default_rng(0)
    layer = BatchNorm(2, momentum=0.99)
    for _ in range(2000):
        layer.forward(rng.normal([5.0, -1.0], [2.0, 0.5], (4, 2)), training=True)
    np.testing.assert_allclose(layer.running_mean, [5, -1], atol=0.2)
    np.testing.assert_allclose(layer.running_var, [4, 0.25], rtol=0.15)  # biased: 3, 0.19


@pytest.mark.equation("eq-batchnorm-inference")
def test_in_inference_rows_do_not_depend_on_their_batch():
    x, gamma, beta, _ = example((6, 3))
    layer = BatchNorm(3)
    layer.gamma[:], layer.beta[:] = gamma, beta
    layer.forward(x, training=True)
    y = layer.forward(x)
    one_by_one = np.concatenate([layer.forward(x[i : i + 1]) for i in range(6)])
    np.testing.assert_allclose(one_by_one, y, rtol=1e-12)
    expected = gamma * (x - layer.running_mean) / np.sqrt(layer.running_var + layer.eps) + beta
    np.testing.assert_allclose(y, expected, rtol=1e-12)
    statistics = layer.running_mean, layer.running_var
    function = batchnorm_inference(x, gamma, beta, *statistics, layer.eps)
    np.testing.assert_array_equal(function, y)


@pytest.mark.parametrize("shape", [(6, 3), (4, 3, 2, 5)])
def test_gradients_in_inference_agree_with_central_differences(shape):
    x, gamma, beta, delta = example(shape)
    layer = BatchNorm(3)
    layer.gamma[:], layer.beta[:] = gamma, beta
    layer.running_mean[:], layer.running_var[:] = [1, 2, 3], [0.5, 1, 2]
    layer.forward(x)
    dx = layer.backward(delta)
    statistics = layer.running_mean, layer.running_var

    def projected(x, gamma, beta):
        return (batchnorm_inference(x, gamma, beta, *statistics, layer.eps) * delta).sum()

    assert relative_error(dx, numerical_gradient(lambda v: projected(v, gamma, beta), x)) < 1e-8
    numerical = numerical_gradient(lambda v: projected(x, v, beta), gamma)
    assert relative_error(layer.dgamma, numerical) < 1e-8
    assert relative_error(layer.dbeta, delta.sum(axis=axes(x))) < 1e-12


def test_a_batch_of_one_is_refused_in_training_and_leaves_the_statistics_alone():
    layer = BatchNorm(3)
    with pytest.raises(ValueError, match=r"x: expected several values per feature .* \(1, 3\)"):
        layer.forward(np.ones((1, 3)), training=True)
    np.testing.assert_array_equal(layer.running_var, [1, 1, 1])
    BatchNorm(3).forward(np.ones((1, 3, 1, 2)), training=True)  # two values per channel


def test_rows_and_images_of_its_number_of_features_are_taken():
    layer = BatchNorm(3)
    assert layer.out_shape((3,)) == (3,)
    assert layer.out_shape((3, 4, 5)) == (3, 4, 5)
    for shape in ((4,), (3, 4), (4, 3, 3)):
        with pytest.raises(
            ValueError, match=r"expected inputs of shape \(3,\) or \(3, H, W\), got"
        ):
            layer.out_shape(shape)


X, ONE = np.ones((4, 3)), np.ones(3)
CACHE = batchnorm_forward(np.arange(12.0).reshape(4, 3), ONE, ONE, EPS)[1]
CASES = {
    "x": (lambda: batchnorm_forward(ONE, ONE, ONE, EPS), r"x: expected shape \(N, D\), got \(3,"),
    "x-4d": (lambda: batchnorm2d_forward(X, ONE, ONE, EPS), r"x: expected shape \(N, C, H, W\)"),
    "x-3d": (lambda: update_running(ONE, ONE, X[None], 1), r"x: expected shape \(N, C, H, W\)"),
    "x-empty": (lambda: batchnorm_forward(X[:0], ONE, ONE, EPS), r"x: .* \(0, 3\) \(empty\)"),
    "x-nan": (lambda: batchnorm_forward(X * np.nan, ONE, ONE, EPS), r"x: expected finite"),
    "gamma": (lambda: batchnorm_forward(X, [1.0], ONE, EPS), r"gamma: expected shape \(3,\), got"),
    "beta": (lambda: batchnorm_forward(X, ONE, X, EPS), r"beta: expected shape \(3,\), got \(4, 3"),
    "eps": (lambda: batchnorm_forward(X, ONE, ONE, -1), r"eps: expected .* \[0, inf\), got -1"),
    "delta": (lambda: batchnorm_backward(X[:2], CACHE), r"delta: expected shape \(4, 3\), got \(2"),
    "stepwise": (
        lambda: batchnorm_backward_stepwise(ONE, CACHE),
        r"delta: expected shape \(4, 3\), got \(3,\)",
    ),
    "mean": (lambda: update_running([1.0], ONE, X, 0.9), r"mean: expected shape \(3,\), got \(1,"),
    "var": (
        lambda: batchnorm_inference(X, ONE, ONE, ONE, -ONE, EPS),
        r"var: expected no negative numbers, got -1.0",
    ),
    "momentum": (lambda: update_running(ONE, ONE, X, 2), r"momentum: .* in \[0, 1\], got 2"),
    "one-row": (
        lambda: update_running(ONE, ONE, X[:1], 0.9),
        r"x: expected several values per feature to take statistics of, got .* \(1, 3\)",
    ),
    "n_features": (lambda: BatchNorm(0), r"n_features: expected at least 1, got 0"),
    "class-momentum": (lambda: BatchNorm(3, 1.0), r"momentum: expected .* \[0, 1\), got 1.0"),
    "class-eps": (lambda: BatchNorm(3, eps=0), r"eps: expected .* \(0, inf\), got 0"),
}


@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_refused_with_argument_expectation_and_finding(name):
    call, pattern = CASES[name]
    with pytest.raises(ValueError, match=pattern):
        call()
