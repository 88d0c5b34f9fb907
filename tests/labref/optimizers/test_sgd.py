"""SGD: the step, its schedule, its trajectory."""

import numpy as np
import pytest

from labref.network import dense_network
from labref.optimizers import SGD
from labref.schedules import inverse_time


@pytest.mark.equation("eq-sgd")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_step_subtracts_eta_times_the_gradient_in_place(dtype):
    parameters, gradient = np.array([1, 2], dtype), np.array([10, -4], dtype)
    optimizer = SGD(0.25)
    optimizer.step(parameters, gradient)
    np.testing.assert_array_equal(parameters, [-1.5, 3])
    np.testing.assert_array_equal(gradient, [10, -4])
    assert parameters.dtype == dtype
    assert optimizer.t == 1


def test_the_schedule_is_asked_for_every_step_from_zero_on():
    asked = []

    def eta(t):
        asked.append(t)
        return 1.0 / (t + 1)

    parameters = np.zeros(1)
    optimizer = SGD(eta)
    for _ in range(3):
        optimizer.step(parameters, np.ones(1))
    assert asked == [0, 1, 2]
    assert parameters[0] == pytest.approx(-(1 + 1 / 2 + 1 / 3))


def test_one_optimizer_may_serve_vectors_of_different_size_and_dtype():
    optimizer = SGD(1.0)
    for parameters in (np.ones(2), np.ones(3), np.ones(3, np.float32)):
        optimizer.step(parameters, np.ones_like(parameters))
        np.testing.assert_array_equal(parameters, np.zeros_like(parameters))


def test_sgd_on_noisy_gradients_converges_with_a_robbins_monro_schedule():
    """Estimating a mean from samples: a 1/t step size averages the noise away."""
    rng = np.random.default_rng(0)
    w, optimizer = np.array([10.0]), SGD(inverse_time(1.0, 1.0))
    for sample in rng.normal(3.0, 1.0, 10_000):
        optimizer.step(w, w - sample)
    assert w[0] == pytest.approx(3.0, abs=0.05)


def test_the_trajectory_agrees_with_pytorch(golden):
    rng = np.random.default_rng(0)
    network = dense_network([4, 5, 3], rng)
    x, labels = rng.standard_normal((40, 4)), rng.integers(0, 3, 40)
    batches = [slice(start, start + 8) for start in range(0, 40, 8)] * 10

    def compute():
        import torch

        first, second = (
            torch.nn.Linear(layer.n_in, layer.n_out, dtype=torch.float64)
            for layer in network.layers
        )
        for linear, layer in ((first, network.layers[0]), (second, network.layers[1])):
            linear.load_state_dict({"weight": torch.tensor(layer.W), "bias": torch.tensor(layer.b)})
        model = torch.nn.Sequential(first, torch.nn.Sigmoid(), second)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.3)
        for rows in batches:
            optimizer.zero_grad()
            output = model(torch.tensor(x[rows]))
            torch.nn.functional.cross_entropy(output, torch.tensor(labels[rows])).backward()
            optimizer.step()
        final = [p.detach().numpy().ravel() for p in model.parameters()]
        return {"parameters": np.concatenate(final)}

    expected = golden("sgd", compute)
    optimizer = SGD(0.3)
    for rows in batches:
        optimizer.step(network.parameters, network.loss_and_gradient(x[rows], labels[rows])[1])
    np.testing.assert_allclose(network.parameters, expected["parameters"], rtol=1e-9, atol=1e-12)
