"""The recurrent layer: states, backprop through time, zoneout."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labref.gradcheck import numerical_gradient, relative_error
from labref.layers import Dense, Recurrent, rnn_backward, rnn_forward
from labref.losses import SoftmaxCrossEntropy
from labref.network import Network
from labref.optimizers import SGD
from labref.training import train

N, T, D, H = 3, 5, 2, 4
sizes = st.integers(1, 4)


def rng():
    return np.random.default_rng(0)


def example(n=N, steps=T, d=D, n_hidden=H, dtype=np.float64):
    """Return x, W_x, W_h, b and a zoneout mask."""
    generator = rng()
    shapes = (n, steps, d), (n_hidden, d), (n_hidden, n_hidden), (n_hidden,)
    arrays = [generator.standard_normal(shape).astype(dtype) for shape in shapes]
    return [*arrays, (generator.random((n, steps, n_hidden)) < 0.4).astype(dtype)]


def plain_loop(x, W_x, W_h, b, old):
    """Unit by unit, as the formula has it."""
    h = np.zeros((*x.shape[:2], len(b)))
    for n, t, i in np.ndindex(h.shape):
        last = h[n, t - 1] if t else np.zeros(len(b))
        candidate = np.tanh(sum(W_x[i] * x[n, t]) + sum(W_h[i] * last) + b[i])
        share = old[n, t, i] if np.ndim(old) else old
        h[n, t, i] = share * last[i] + (1 - share) * candidate
    return h


@pytest.mark.equation("eq-rnn", "eq-zoneout")
@given(n=sizes, steps=sizes, d=sizes, n_hidden=sizes, kind=st.sampled_from(["mask", 0.0, 0.3]))
def test_states_follow_the_recurrence(n, steps, d, n_hidden, kind):
    x, W_x, W_h, b, mask = example(n, steps, d, n_hidden)
    old = mask if kind == "mask" else kind
    h, _ = rnn_forward(x, W_x, W_h, b, old)
    np.testing.assert_allclose(h, plain_loop(x, W_x, W_h, b, old), rtol=1e-9, atol=1e-12)


@pytest.mark.equation("eq-rnn-backward", "eq-rnn-gradients")
@given(n=sizes, steps=sizes, d=sizes, n_hidden=sizes, kind=st.sampled_from(["mask", 0.0, 0.3]))
def test_backprop_through_time_agrees_with_central_differences(n, steps, d, n_hidden, kind):
    *arguments, mask = example(n, steps, d, n_hidden)
    old = mask if kind == "mask" else kind
    h, cache = rnn_forward(*arguments, old)
    grad_h = np.random.default_rng(1).standard_normal(h.shape)
    gradients = rnn_backward(grad_h, cache)
    for i, gradient in enumerate(gradients):

        def projected(v, i=i):
            moved = [*arguments[:i], v, *arguments[i + 1 :]]
            return (rnn_forward(*moved, old)[0] * grad_h).sum()

        expected = numerical_gradient(projected, arguments[i])
        np.testing.assert_allclose(gradient, expected, rtol=1e-6, atol=1e-8)


@pytest.mark.torch
def test_states_and_gradients_agree_with_pytorch(golden):
    *arguments, mask = example()
    grad_h = np.random.default_rng(1).standard_normal((N, T, H))

    def compute():
        import torch

        x, W_x, W_h, b = tensors = [torch.tensor(a, requires_grad=True) for a in arguments]
        rnn = torch.nn.RNN(D, H, batch_first=True, dtype=torch.float64)
        zeros = torch.zeros(H, dtype=torch.float64)
        parameters = {"weight_ih_l0": W_x, "weight_hh_l0": W_h, "bias_ih_l0": b}
        h, _ = torch.func.functional_call(rnn, parameters | {"bias_hh_l0": zeros}, (x,))
        h.backward(torch.tensor(grad_h))
        values = {"h": h.detach().numpy()}
        values |= {f"d{i}": tensor.grad.numpy().copy() for i, tensor in enumerate(tensors)}

        for tensor in tensors:
            tensor.grad = None
        state, states = torch.zeros(N, H, dtype=torch.float64), []
        for t in range(T):
            z = torch.tensor(mask[:, t])
            state = z * state + (1 - z) * torch.tanh(x[:, t] @ W_x.T + state @ W_h.T + b)
            states.append(state)
        zoned = torch.stack(states, dim=1)
        zoned.backward(torch.tensor(grad_h))
        values["zoneout-h"] = zoned.detach().numpy()
        values |= {f"zoneout-d{i}": tensor.grad.numpy() for i, tensor in enumerate(tensors)}
        return values

    values = golden("recurrent", compute)
    for prefix, old in (("", 0.0), ("zoneout-", mask)):
        h, cache = rnn_forward(*arguments, old)
        np.testing.assert_allclose(h, values[f"{prefix}h"], rtol=1e-10)
        for i, gradient in enumerate(rnn_backward(grad_h, cache)):
            np.testing.assert_allclose(gradient, values[f"{prefix}d{i}"], rtol=1e-9, atol=1e-12)


def test_zoneout_everywhere_keeps_the_first_state_and_nowhere_is_the_plain_layer():
    x, W_x, W_h, b, mask = example()
    assert not rnn_forward(x, W_x, W_h, b, np.ones_like(mask))[0].any()
    plain = rnn_forward(x, W_x, W_h, b)[0]
    np.testing.assert_array_equal(rnn_forward(x, W_x, W_h, b, np.zeros_like(mask))[0], plain)


def test_a_unit_in_zoneout_keeps_its_state_and_passes_its_gradient_on():
    x, W_x, W_h, b, mask = example()
    h, cache = rnn_forward(x, W_x, W_h, b, mask)
    kept = mask[:, 1:] == 1
    np.testing.assert_array_equal(h[:, 1:][kept], h[:, :-1][kept])
    grad_h = np.zeros_like(h)
    grad_h[:, -1] = 1
    unmasked = rnn_backward(grad_h, rnn_forward(x, W_x, W_h, b)[1])
    assert relative_error(rnn_backward(grad_h, cache)[0], unmasked[0]) > 0.1


@pytest.mark.pitfall("P26")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_arguments_are_not_changed_and_dtypes_are_kept(dtype):
    arguments = example(dtype=dtype)
    before = [array.copy() for array in arguments]
    h, cache = rnn_forward(*arguments)
    grad_h = np.ones_like(h)
    results = [h, *rnn_backward(grad_h, cache)]
    assert {array.dtype for array in results} == {np.dtype(dtype)}
    assert (grad_h == 1).all()
    for array, copied in zip(arguments, before, strict=True):
        np.testing.assert_array_equal(array, copied)


# The layer.


def test_the_layer_returns_the_last_state_and_its_gradients():
    x, W_x, W_h, b, _ = example()
    layer = Recurrent(W_x, W_h, b)
    h, cache = rnn_forward(x, W_x, W_h, b)
    np.testing.assert_array_equal(layer.forward(x, training=True), h[:, -1])
    grad_h = np.zeros_like(h)
    grad_h[:, -1] = 2.0
    dx, *gradients = rnn_backward(grad_h, cache)
    np.testing.assert_allclose(layer.backward(grad_h[:, -1]), dx)
    for ours, expected in zip((layer.dW_x, layer.dW_h, layer.db), gradients, strict=True):
        np.testing.assert_allclose(ours, expected)
    W_x[...] = 0
    assert layer.W_x.any()  # its own copy


def test_zoneout_masks_in_training_and_takes_the_mean_at_test_time():
    *arguments, _ = example()
    x, *parameters = arguments
    layer = Recurrent(*parameters, zoneout=0.3, rng=rng())
    layer.forward(x, training=True)
    mask = layer.cache.old.swapaxes(0, 1)
    assert set(mask.flat) == {0.0, 1.0}
    np.testing.assert_allclose(
        layer.cache.states[1:].swapaxes(0, 1), plain_loop(*arguments, mask), rtol=1e-10
    )
    np.testing.assert_allclose(layer.forward(x), plain_loop(*arguments, 0.3)[:, -1], rtol=1e-10)


@pytest.mark.pitfall("P28")
def test_masks_are_new_for_each_unit_step_example_and_pass():
    layer = Recurrent(np.ones((50, 1)), np.eye(50), np.zeros(50), 0.3, np.random.default_rng(1))
    x = np.ones((20, 10, 1))
    layer.forward(x, training=True)
    first = layer.cache.old
    for axes in ((0, 1), (0, 2), (1, 2)):
        share = first.mean(axis=axes)
        count = first.size / share.size
        assert abs(share - 0.3).max() < 5 * np.sqrt(0.21 / count)
    layer.forward(x, training=True)
    assert (layer.cache.old != first).any()


def test_one_step_of_zoneout_has_the_state_at_test_time_as_its_mean():
    x, W_x, W_h, b, _ = example(n=1, steps=1)
    layer = Recurrent(W_x, W_h, b, 0.3, rng())
    mean = np.mean([layer.forward(x, training=True) for _ in range(5000)], axis=0)
    np.testing.assert_allclose(mean, layer.forward(x), atol=5 * 0.46 / np.sqrt(5000))


def test_random_weights_keep_variance_and_dtype():
    layer = Recurrent.random(200, 300, rng(), dtype=np.float32)
    assert {layer.W_x.dtype, layer.W_h.dtype, layer.b.dtype} == {np.dtype(np.float32)}
    assert layer.W_x.var() * 200 == pytest.approx(1, rel=0.03)
    assert layer.W_h.var() * 300 == pytest.approx(1, rel=0.03)
    assert not layer.b.any()


@pytest.mark.parametrize("zoneout", [0.0, 0.2])
def test_a_network_learns_to_remember_the_first_input(zoneout):
    generator = rng()
    x = generator.standard_normal((400, 6, 1))
    labels = (x[:, 0, 0] > 0).astype(int)
    layers = [Recurrent.random(1, 16, generator, zoneout), Dense.random(16, 2, "identity", rng())]
    net = Network(layers, SoftmaxCrossEntropy(), in_shape=(6, 1))
    options = {"optimizer": SGD(0.3), "epochs": 60, "batch_size": 20, "rng": generator}
    train(net, x[:300], labels[:300], progress=False, **options)
    assert net.accuracy(x[300:], labels[300:]) > 0.85


X, W_X, W_H, B, OLD = example()
CASES = {
    "x": (lambda: rnn_forward(X[0], W_X, W_H, B), ValueError, r"x: .* \(N, T, 2\), got \(5, 2\)"),
    "W_x": (lambda: rnn_forward(X, B, W_H, B), ValueError, r"W_x: .* \(H, D\), got \(4,\)"),
    "W_h": (lambda: rnn_forward(X, W_X, W_X, B), ValueError, r"W_h: .* \(4, 4\), got \(4, 2\)"),
    "b": (lambda: rnn_forward(X, W_X, W_H, B[:2]), ValueError, r"b: .* \(4,\), got \(2,\)"),
    "old": (lambda: rnn_forward(X, W_X, W_H, B, 1.5), ValueError, r"old: .* 0\.\.1, got 1\.5"),
    "old-shape": (
        lambda: rnn_forward(X, W_X, W_H, B, OLD[0]),
        ValueError,
        r"old: expected shape \(3, 5, 4\), got \(5, 4\)",
    ),
    "grad_h": (
        lambda: rnn_backward(OLD[:, -1], rnn_forward(X, W_X, W_H, B)[1]),
        ValueError,
        r"grad_h: expected shape \(3, 5, 4\), got \(3, 4\)",
    ),
    "zoneout": (lambda: Recurrent(W_X, W_H, B, 1, rng()), ValueError, r"zoneout: .* \[0, 1\)"),
    "no-rng": (lambda: Recurrent(W_X, W_H, B, 0.1), TypeError, r"rng: .*zoneout, got None"),
    "rng": (lambda: Recurrent(W_X, W_H, B, 0.1, 3), TypeError, r"rng: .* got int"),
    "sizes": (lambda: Recurrent.random(0, 3, rng()), ValueError, r"n_in: .* least 1, got 0"),
    "in_shape": (
        lambda: Recurrent(W_X, W_H, B).out_shape((5, 3)),
        ValueError,
        r"sequences of shape \(T, 2\), got \(5, 3\)",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_refused(name):
    call, error, pattern = CASES[name]
    with pytest.raises(error, match=pattern):
        call()
