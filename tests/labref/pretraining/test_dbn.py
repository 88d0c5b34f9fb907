"""The deep belief net: greedy training, codes, generation, conversion."""

import copy

import numpy as np
import pytest
from scipy.special import expit

from labref.data import load_digits
from labref.optimizers import SGD
from labref.pretraining import rbm as rbm_module
from labref.pretraining.dbn import DBN
from labref.pretraining.greedy import greedy_pretrain
from labref.pretraining.layer_trainers import rbm_trainer
from labref.pretraining.rbm import RBM
from labref.training import train
from tests.labref.pretraining.enumeration import joint_distribution, states, tiny_machine

X = load_digits().x[:500]


def rng(seed=0):
    return np.random.default_rng(seed)


def fit(net, x=X, seed=0, **options):
    options = {"epochs": 2, "batch_size": 10, "lr": 0.1, "progress": False} | options
    return net.fit(x, rng=rng(seed), **options)


def tiny_net():
    """Return a net of 4, 3 and 2 units."""
    return DBN([RBM(*tiny_machine(4, 3, scale=3)), RBM(*tiny_machine(3, 2, seed=5))])


def test_machines_are_trained_one_after_the_other_on_hidden_probabilities():
    net = DBN.random([64, 12, 8], rng())
    first, second = copy.deepcopy(net.rbms)
    errors = fit(net, k=2)
    draws = rng()
    options = {"epochs": 2, "batch_size": 10, "lr": 0.1, "rng": draws, "k": 2, "progress": False}
    expected = [first.fit(X, **options), second.fit(first.hidden_probabilities(X), **options)]
    assert errors == expected
    for ours, theirs in zip(net.rbms, (first, second), strict=True):
        np.testing.assert_array_equal(ours.W, theirs.W)
        np.testing.assert_array_equal(ours.b, theirs.b)
        np.testing.assert_array_equal(ours.c, theirs.c)


def test_one_machine_is_trained_as_in_greedy_pretraining():
    draws, others = rng(), rng()
    net = DBN.random([64, 12], draws)
    options = {"epochs": 2, "batch_size": 10, "lr": 0.1, "progress": False}
    net.fit(X, rng=draws, **options)
    ((W, c),) = greedy_pretrain(X, [12], rbm_trainer(rng=others, **options))
    np.testing.assert_array_equal(net.rbms[0].W, W)
    np.testing.assert_array_equal(net.rbms[0].c, c)


def test_codes_are_the_hidden_probabilities_from_layer_to_layer():
    net, v = tiny_net(), rng().uniform(size=(5, 4))
    first, second = net.rbms
    expected = expit(expit(v @ first.W.T + first.c) @ second.W.T + second.c)
    np.testing.assert_allclose(net.encode(v), expected, rtol=1e-12)


@pytest.mark.equation("eq-dbn")
def test_generated_states_have_the_means_of_the_generative_model():
    """The top machine's distribution of its visible units, then one directed layer down."""
    net = tiny_net()
    first, second = net.rbms
    p, _ = joint_distribution(second.W, second.b, second.c)
    h = states(3)
    expected = p.sum(axis=1) @ expit(h @ first.W + first.b)
    generated = net.generate(20_000, 50, rng())
    bound = 5 * 0.5 / np.sqrt(20_000)
    np.testing.assert_allclose(generated.mean(axis=0), expected, atol=bound)
    wrong = expit(p.sum(axis=1) @ h @ first.W + first.b)  # means sent down in place of samples
    assert np.abs(wrong - expected).max() > 2 * bound


def test_the_network_goes_up_like_the_net_and_can_be_fine_tuned():
    digits = load_digits()[:500]
    net = DBN.random([64, 20, 20], rng())
    fit(net)
    network = net.network(10, rng())
    top = network.layers[-1]
    np.testing.assert_allclose(
        network.forward(X), net.encode(X) @ top.W.T + top.b, rtol=1e-12, atol=1e-13
    )
    before = net.rbms[0].W.copy()
    options = {"epochs": 30, "batch_size": 10, "rng": rng(), "progress": False}
    train(network, X, digits.labels, optimizer=SGD(1.0), **options)
    assert network.accuracy(X, digits.labels) > 0.98
    np.testing.assert_array_equal(net.rbms[0].W, before)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtypes_are_kept_and_the_seed_decides(dtype):
    def trained(seed):
        net = DBN.random([64, 6, 4], rng(), dtype)
        errors = fit(net, seed=seed, epochs=1, persistent=True)
        return net, errors

    (net, errors), (_, again), (_, other) = trained(0), trained(0), trained(1)
    assert errors == again != other
    arrays = [net.encode(X), net.generate(3, 2, rng()), net.network(10, rng()).parameters]
    assert {array.dtype for array in arrays} == {np.dtype(dtype)}


def test_ctrl_c_leaves_the_machines_above_as_they_were(monkeypatch):
    net = DBN.random([64, 6, 4], rng())
    before = net.rbms[1].W.copy()
    calls = []

    def interrupted(*arguments):
        calls.append(1)
        if len(calls) == 60:  # in the second epoch of fifty batches
            raise KeyboardInterrupt
        return gradients(*arguments)

    gradients = rbm_module.cd_gradients
    monkeypatch.setattr(rbm_module, "cd_gradients", interrupted)
    with pytest.warns(UserWarning, match="interrupted after 1 of 2 epochs"):
        errors = fit(net)
    assert [len(history) for history in errors] == [1]
    np.testing.assert_array_equal(net.rbms[1].W, before)
    assert np.isfinite(net.encode(X)).all()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: DBN([]), ValueError, r"rbms: expected one machine at least, got none"),
        (
            lambda: DBN([RBM.random(4, 3, rng()), RBM.random(2, 2, rng())]),
            ValueError,
            r"rbms: machine 1: expected 3 visible units, got 2",
        ),
        (lambda: DBN.random([4], rng()), ValueError, r"sizes: expected .* got \[4\]"),
        (lambda: DBN.random([4, 0], rng()), ValueError, r"n_hidden: expected at least 1, got 0"),
        (lambda: DBN.random([4, 3], 0), TypeError, r"rng: expected a numpy.random.Generator"),
        (lambda: fit(tiny_net()), ValueError, r"x: expected shape \(N, 4\), got \(500, 64\)"),
        (lambda: fit(tiny_net(), X[:, :4], lr=-1), ValueError, r"lr: expected .* got -1"),
        (lambda: tiny_net().encode(X), ValueError, r"v: expected shape \(N, 4\)"),
        (lambda: tiny_net().generate(1, 0, rng()), ValueError, r"steps: expected at least 1"),
        (lambda: tiny_net().network(0, rng()), ValueError, r"n_classes: expected at least 1"),
    ],
)
def test_bad_input_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
