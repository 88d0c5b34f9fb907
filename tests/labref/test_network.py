"""Networks: flat parameters, backpropagation, predictions."""

import copy
import itertools
import pickle

import numpy as np
import pytest

from labref.gradcheck import numerical_gradient, relative_error
from labref.initializers import he_uniform
from labref.layers import Dense, Flatten
from labref.losses import SigmoidCrossEntropy, SoftmaxCrossEntropy, SquaredError
from labref.network import Network, dense_network

N, SIZES = 6, [4, 5, 3, 3]


def make(activation="tanh", loss=None, sizes=SIZES, dtype=np.float64):
    """Return a network with biases that are not zero."""
    rng = np.random.default_rng(0)
    network = dense_network(sizes, rng, activation, loss, dtype)
    network.parameters += rng.uniform(-0.3, 0.3, network.parameters.shape).astype(dtype)
    return network


def batch(network):
    """Return inputs and targets that fit the network."""
    rng = np.random.default_rng(1)
    x = rng.standard_normal((N, network.layers[0].n_in))
    n_out = network.layers[-1].n_out
    if isinstance(network.loss, SquaredError):
        return x, rng.standard_normal((N, n_out))
    return x, rng.integers(0, max(n_out, 2), N)


NETWORKS = [
    pytest.param({"loss": SoftmaxCrossEntropy()}, id="softmax"),
    pytest.param({"loss": SquaredError()}, id="squared-error"),
    pytest.param({"loss": SigmoidCrossEntropy(), "sizes": [4, 5, 1]}, id="logistic"),
    pytest.param({"activation": "sigmoid", "sizes": [4, 3, 3, 3, 3]}, id="sigmoid-deep"),
    pytest.param({"activation": "relu"}, id="relu"),
    pytest.param({"sizes": [4, 3]}, id="no-hidden-layer"),
]


@pytest.mark.equation("eq-backprop-init", "eq-backprop-step")
@pytest.mark.parametrize("kind", NETWORKS)
def test_gradient_agrees_with_central_differences(kind):
    network = make(**kind)
    x, targets = batch(network)
    start = network.parameters.copy()

    def loss(parameters):
        network.parameters[...] = parameters
        return network.mean_loss(x, targets)

    numerical = numerical_gradient(loss, start)
    network.parameters[...] = start
    value, gradient = network.loss_and_gradient(x, targets)
    assert relative_error(gradient, numerical) < 1e-8
    assert value == network.mean_loss(x, targets)


@pytest.mark.equation("eq-batch-noise")
@pytest.mark.parametrize("size", [1, 2, 3])
def test_the_noise_of_a_batch_falls_with_its_size(size):
    """The mean over every batch that can be drawn, with replacement, from four examples."""
    network = make()
    x, targets = batch(network)
    x, targets = x[:4], targets[:4]

    def noise(size):
        batches = [list(rows) for rows in itertools.product(range(4), repeat=size)]
        gradients = [network.loss_and_gradient(x[rows], targets[rows])[1] for rows in batches]
        np.testing.assert_allclose(np.mean(gradients, axis=0), whole, atol=1e-12)
        return np.mean(np.sum((gradients - whole) ** 2, axis=1))

    _, whole = network.loss_and_gradient(x, targets)
    assert noise(size) == pytest.approx(noise(1) / size)


def test_delta_of_the_layer_below_uses_W_before_its_update():
    """An optimizer that changed W between the layers' backward passes would spoil the gradient."""
    network = make()
    x, targets = batch(network)
    _, gradient = network.loss_and_gradient(x, targets)

    outputs = network.forward(x)
    grad = network.loss.grad(outputs, network.loss.check(outputs, targets))
    for layer in reversed(network.layers):
        W = layer.W.copy()
        grad = layer.backward(grad)
        np.testing.assert_allclose(grad, layer.delta @ W)
        layer.W -= 0.5 * layer.dW  # too late to matter to this pass
    np.testing.assert_allclose(network.gradient, gradient, rtol=1e-12)


def test_updating_above_before_going_below_gives_a_wrong_gradient():
    """So that the test above can fail: here W of the upper layer is updated too early."""
    network = make()
    x, targets = batch(network)
    _, gradient = network.loss_and_gradient(x, targets)
    top, below = network.layers[-1], network.layers[-2]
    top.W -= 0.5 * top.dW
    below.backward(top.delta @ top.W)
    assert relative_error(network.gradient, gradient) > 1e-3


def test_parameters_and_gradients_of_layers_are_views_into_the_flat_vectors():
    network = make()
    x, targets = batch(network)
    network.loss_and_gradient(x, targets)
    for vector, names in ((network.parameters, ("W", "b")), (network.gradient, ("dW", "db"))):
        arrays = [getattr(layer, name) for layer in network.layers for name in names]
        np.testing.assert_array_equal(np.concatenate([a.ravel() for a in arrays]), vector)
        assert all(np.shares_memory(array, vector) for array in arrays)


def test_the_gradient_returned_is_not_overwritten_by_the_next_batch():
    network = make()
    x, targets = batch(network)
    _, first = network.loss_and_gradient(x, targets)
    before = first.copy()
    network.loss_and_gradient(-x, targets)
    np.testing.assert_array_equal(first, before)


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda n: pickle.loads(pickle.dumps(n))])
def test_a_copied_network_owns_its_parameters(duplicate):
    network = make()
    x, targets = batch(network)
    twin = duplicate(network)
    before = network.parameters.copy()
    assert twin.mean_loss(x, targets) == network.mean_loss(x, targets)
    twin.parameters[...] = 0
    assert not twin.layers[0].W.any()
    np.testing.assert_array_equal(network.parameters, before)
    np.testing.assert_array_equal(network.layers[0].W.ravel(), before[: network.layers[0].W.size])


@pytest.mark.parametrize("kind", NETWORKS)
def test_arguments_are_not_changed(kind):
    network = make(**kind)
    x, targets = batch(network)
    before = x.copy(), targets.copy(), network.parameters.copy()
    network.loss_and_gradient(x, targets)
    network.mean_loss(x, targets)
    network.predict(x)
    network.classify(x)
    for array, copied in zip((x, targets, network.parameters), before, strict=True):
        np.testing.assert_array_equal(array, copied)


@pytest.mark.parametrize("kind", NETWORKS)
def test_float32_stays_float32(kind):
    network = make(**kind, dtype=np.float32)
    x, targets = batch(network)
    _, gradient = network.loss_and_gradient(x, targets)
    arrays = [gradient, network.parameters, network.gradient, network.predict(x)]
    arrays += [getattr(layer, name) for layer in network.layers for name in ("a", "y", "delta")]
    assert {array.dtype for array in arrays} == {np.dtype(np.float32)}
    exact = make(**kind)
    exact.parameters[...] = network.parameters
    _, expected = exact.loss_and_gradient(x, targets)
    assert relative_error(gradient.astype(np.float64), expected) < 1e-5


def test_classify_takes_the_likeliest_class_and_accuracy_counts_the_right_ones():
    network = make()
    x, _ = batch(network)
    p = network.predict(x)
    np.testing.assert_allclose(p.sum(axis=1), 1)
    classes = network.classify(x)
    np.testing.assert_array_equal(classes, p.argmax(axis=1))
    wrong = (classes + np.array([0, 0, 0, 0, 1, 1])) % 3
    assert network.accuracy(x, classes) == 1
    assert network.accuracy(x, wrong) == pytest.approx(4 / 6)


def test_a_network_of_one_output_classifies_by_one_half():
    network = make(loss=SigmoidCrossEntropy(), sizes=[4, 5, 1])
    x, _ = batch(network)
    np.testing.assert_array_equal(network.classify(x), network.predict(x)[:, 0] > 0.5)
    assert network.classify(x).dtype == np.intp


def test_neighbours_must_fit():
    rng = np.random.default_rng(0)
    layers = [Dense.random(4, 3, "tanh", rng), Dense.random(2, 2, "identity", rng)]
    with pytest.raises(
        ValueError,
        match=r"layers: layer 1 of 2, Dense: expected inputs of shape \(2,\), got \(3,\)",
    ):
        Network(layers, SoftmaxCrossEntropy())


def test_dtypes_must_agree():
    rng = np.random.default_rng(0)
    layers = [Dense.random(2, 2, "tanh", rng, dtype) for dtype in (np.float32, np.float64)]
    with pytest.raises(ValueError, match=r"layers: expected parameters of one dtype, got .*float"):
        Network(layers, SoftmaxCrossEntropy())


def test_the_whole_gradient_agrees_with_pytorch(golden):
    network = make("sigmoid")
    x, labels = batch(network)

    def compute():
        import torch

        model = torch.nn.Sequential()
        for layer in network.layers:
            linear = torch.nn.Linear(layer.n_in, layer.n_out, dtype=torch.float64)
            linear.load_state_dict({"weight": torch.tensor(layer.W), "bias": torch.tensor(layer.b)})
            model.extend([linear, torch.nn.Sigmoid()])
        loss = torch.nn.functional.cross_entropy(model[:-1](torch.tensor(x)), torch.tensor(labels))
        loss.backward()
        gradients = [p.grad.numpy().ravel() for p in model.parameters()]
        return {"loss": loss.detach().numpy(), "gradient": np.concatenate(gradients)}

    expected = golden("network", compute)
    value, gradient = network.loss_and_gradient(x, labels)
    assert value == pytest.approx(float(expected["loss"]), rel=1e-12)
    np.testing.assert_allclose(gradient, expected["gradient"], rtol=1e-9, atol=1e-15)


def test_a_network_draws_its_weights_from_the_initializer_in_order():
    network = dense_network([4, 5, 3], np.random.default_rng(0), initializer=he_uniform)
    rng = np.random.default_rng(0)
    for layer, (n_in, n_out) in zip(network.layers, ((4, 5), (5, 3)), strict=True):
        np.testing.assert_array_equal(layer.W, he_uniform(n_in, n_out, rng))
        np.testing.assert_array_equal(layer.b, 0)


def test_an_objective_is_the_cost_as_a_function_of_the_parameters():
    network = make()
    x, labels = batch(network)
    start = network.parameters.copy()
    expected = network.loss_and_gradient(x, labels)
    objective = network.objective(x, labels)
    objective(2 * start)
    np.testing.assert_array_equal(network.parameters, 2 * start)
    cost, gradient = objective(start)
    assert cost == expected[0]
    np.testing.assert_array_equal(gradient, expected[1])


def test_large_sets_are_evaluated_some_rows_at_a_time():
    """Layers keep what they are given; a test set of images would fill the memory."""
    network = make()
    x = np.random.default_rng(0).standard_normal((2500, network.in_shape[0]))
    p = network.predict(x)
    assert len(network.layers[0].x) <= 1000
    np.testing.assert_allclose(p, network.loss.predict(network.forward(x)), rtol=1e-12)


def test_the_state_of_a_network_can_be_taken_and_put_back():
    network = make()
    before = network.state()
    network.parameters[...] = 0
    network.set_state(before)
    np.testing.assert_array_equal(network.parameters, before["parameters"])
    network.parameters[...] = 0
    assert before["parameters"].any()


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({}, "state: expected parameters, got"),
        ({"parameters": np.zeros(3)}, r"state: parameters: expected shape .* got \(3,\)"),
    ],
)
def test_a_state_that_does_not_fit_changes_nothing(state, message):
    network = make()
    before = network.parameters.copy()
    with pytest.raises(ValueError, match=message):
        network.set_state(state)
    np.testing.assert_array_equal(network.parameters, before)


class _Cut(Flatten):
    def out_shape(self, in_shape):
        return in_shape


def test_a_network_on_images_is_told_their_shape():
    rng = np.random.default_rng(0)
    head = Dense.random(12, 3, "identity", rng)
    network = Network([Flatten(), head], SoftmaxCrossEntropy(), in_shape=(1, 3, 4))
    assert (network.in_shape, network.out_shape) == ((1, 3, 4), (3,))
    assert network.predict(np.ones((2, 1, 3, 4))).shape == (2, 3)
    with pytest.raises(ValueError, match=r"x: expected shape \(N, 1, 3, 4\), got \(2, 12\)"):
        network.predict(np.ones((2, 12)))
    with pytest.raises(ValueError, match="in_shape: expected the shape of one input, got None"):
        Network([Flatten(), head], SoftmaxCrossEntropy())
    with pytest.raises(ValueError, match=r"layers: expected rows as output, got shape \(1, 2\)"):
        Network([_Cut()], SoftmaxCrossEntropy(), in_shape=(1, 2))
    with pytest.raises(ValueError, match="layers: expected parameters of one dtype, got no"):
        Network([Flatten()], SoftmaxCrossEntropy(), in_shape=(1, 2))
