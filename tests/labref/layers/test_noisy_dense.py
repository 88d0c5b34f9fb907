"""What holds for all dense layers with noise in training: DropConnect, Shakeout, Whiteout."""

import numpy as np
import pytest

from labref.layers import Dense, DropConnect, Shakeout, Whiteout
from labref.losses import SquaredError
from labref.network import Network

LAYERS = {
    "DropConnect": lambda dense, rng: DropConnect(dense, 0.6, rng),
    "Shakeout": lambda dense, rng: Shakeout(dense, 0.6, 0.3, rng),
    "Whiteout": lambda dense, rng: Whiteout(dense, 0.5, 1.0, 0.1, rng),
    "Whiteout, multiplying": lambda dense, rng: Whiteout(dense, 0.5, 1.0, 0.1, rng, multiply=True),
}
every_layer = pytest.mark.parametrize("name", LAYERS)


def rng():
    return np.random.default_rng(0)


def dense(activation="identity"):
    layer = Dense.random(4, 3, activation, rng())
    layer.b += [1.0, -0.5, 0.3]
    return layer


@every_layer
def test_it_starts_as_the_dense_layer_it_is_given_and_owns_its_parameters(name):
    start = dense("tanh")
    layer = LAYERS[name](start, rng())
    np.testing.assert_array_equal(layer.W, start.W)
    np.testing.assert_array_equal(layer.b, start.b)
    assert layer.activation is start.activation
    layer.W += 1
    np.testing.assert_array_equal(start.W, dense().W)


@every_layer
def test_outside_training_both_passes_are_those_of_the_dense_layer(name):
    start = dense("tanh")
    layer = LAYERS[name](start, rng())
    x, grad_y = rng().standard_normal((5, 4)), rng().standard_normal((5, 3))
    layer.forward(x, training=True)
    np.testing.assert_allclose(layer.forward(x), start.forward(x), rtol=1e-12)
    np.testing.assert_allclose(layer.backward(grad_y), start.backward(grad_y), rtol=1e-12)
    np.testing.assert_allclose(layer.dW, start.dW, rtol=1e-12)
    np.testing.assert_allclose(layer.db, start.db, rtol=1e-12)


@pytest.mark.pitfall("P2")
@every_layer
def test_pre_activations_are_those_of_the_dense_layer_on_average(name):
    layer = LAYERS[name](dense(), rng())
    x = rng().standard_normal((2, 4))
    draws = np.array([layer.forward(x, training=True) for _ in range(4000)])
    error = 5 * draws.std(axis=0) / np.sqrt(len(draws))
    assert (abs(draws.mean(axis=0) - layer.forward(x)) < error).all()
    assert draws.std(axis=0).min() > 0.01


@pytest.mark.pitfall("P28")
@every_layer
def test_noise_is_new_in_each_pass_and_depends_on_the_generator_alone(name):
    x = rng().standard_normal((2, 4))
    layer, again = (LAYERS[name](dense(), np.random.default_rng(1)) for _ in range(2))
    first = layer.forward(x, training=True)
    np.testing.assert_array_equal(again.forward(x, training=True), first)
    assert (layer.forward(x, training=True) != first).any()


@every_layer
def test_it_can_be_a_network_s_first_layer(name):
    net = Network([LAYERS[name](dense(), rng())], SquaredError())
    _, gradient = net.loss_and_gradient(np.ones((2, 4)), np.zeros((2, 3)))
    assert net.in_shape == (4,)
    assert gradient.shape == (15,)


@every_layer
def test_bad_parts_are_refused(name):
    with pytest.raises(TypeError, match=r"dense: expected a Dense layer, got ndarray"):
        LAYERS[name](np.ones((3, 4)), rng())
    with pytest.raises(TypeError, match=r"rng: expected a numpy.random.Generator .* got int"):
        LAYERS[name](dense(), 0)


@pytest.mark.torch
def test_gradients_agree_with_pytorch_for_the_same_noise(golden):
    x, grad_y = rng().standard_normal((5, 4)), rng().standard_normal((5, 3))
    layers = {name: make(dense("tanh"), rng()) for name, make in LAYERS.items()}
    results = {}
    for name, layer in layers.items():
        results[f"{name}-y"] = layer.forward(x, training=True)
        results[f"{name}-dx"] = layer.backward(grad_y)
        results |= {f"{name}-dW": layer.dW, f"{name}-db": layer.db}

    def compute():
        import torch

        def whiteout(layer, t, W):
            variance = W**2 * (0.25 * abs(W) ** -1 + 0.1)
            power = t**2 if layer.multiply else torch.ones_like(t)
            return t @ W.T + (power @ variance.T).sqrt() * torch.tensor(layer.noise)

        def dropconnect(layer, t, W):
            return t @ (W * torch.tensor(layer.mask)).T

        def shakeout(layer, t, W):
            r = torch.tensor(layer.mask)[:, None, :]
            return ((r * W + 0.3 * (r - 1) * torch.sign(W)) * t[:, None, :]).sum(dim=2)

        formulas = {"DropConnect": dropconnect, "Shakeout": shakeout, "Whiteout": whiteout}
        values = {}
        for name, layer in layers.items():
            t, W, b = (torch.tensor(a, requires_grad=True) for a in (x, layer.W, layer.b))
            y = torch.tanh(formulas[type(layer).__name__](layer, t, W) + b)
            y.backward(torch.tensor(grad_y))
            values |= {f"{name}-y": y.detach().numpy(), f"{name}-dx": t.grad.numpy()}
            values |= {f"{name}-dW": W.grad.numpy(), f"{name}-db": b.grad.numpy()}
        return values

    for name, value in golden("noisy-dense", compute).items():
        np.testing.assert_allclose(results[name], value, rtol=1e-9, atol=1e-12, err_msg=name)
