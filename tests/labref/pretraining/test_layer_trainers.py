"""Training one layer of a stack as autoencoder, Boltzmann machine or classifier; whole runs."""

import numpy as np
import pytest

from labref.data import load_digits
from labref.layers import SparseCode
from labref.losses import BinaryCrossEntropy
from labref.network import dense_network
from labref.optimizers import SGD
from labref.pretraining import layer_trainers
from labref.pretraining.autoencoder import Autoencoder
from labref.pretraining.corruption import mask_corrupt
from labref.pretraining.greedy import greedy_pretrain, stack_features, stack_network
from labref.pretraining.layer_trainers import autoencoder_trainer, rbm_trainer, supervised_trainer
from labref.pretraining.rbm import RBM
from labref.training import train

DIGITS = load_digits()[:500]
OPTIONS = {"epochs": 3, "batch_size": 10, "progress": False}


def rng(seed=0):
    return np.random.default_rng(seed)


def mask(h, rng):
    return mask_corrupt(h, 0.3, rng)


# By name: seed -> train_layer for the digits.
TRAINERS = {
    "autoencoder": lambda seed: autoencoder_trainer(optimizer=SGD(0.2), rng=rng(seed), **OPTIONS),
    "tied": lambda seed: autoencoder_trainer(
        optimizer=SGD(0.05), rng=rng(seed), tied=True, loss=BinaryCrossEntropy(), **OPTIONS
    ),
    "sparse": lambda seed: autoencoder_trainer(
        optimizer=SGD(0.2), rng=rng(seed), sparse=SparseCode(0.2, 0.1), **OPTIONS
    ),
    "denoising": lambda seed: autoencoder_trainer(
        optimizer=SGD(0.2), rng=rng(seed), corrupt=mask, **OPTIONS
    ),
    "rbm": lambda seed: rbm_trainer(lr=0.1, rng=rng(seed), **OPTIONS),
    "persistent rbm": lambda seed: rbm_trainer(
        lr=0.02, rng=rng(seed), k=2, persistent=True, **OPTIONS
    ),
    "supervised": lambda seed: supervised_trainer(
        DIGITS.labels, 10, optimizer=SGD(0.5), rng=rng(seed), **OPTIONS
    ),
}
every_trainer = pytest.mark.parametrize("name", TRAINERS)


@every_trainer
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_stack_depends_on_the_seed_alone_and_keeps_the_dtype(name, dtype):
    x = DIGITS.x.astype(dtype)
    first, again, other = (greedy_pretrain(x, [8, 5], TRAINERS[name](seed)) for seed in (0, 0, 1))
    assert [W.shape for W, _ in first] == [(8, 64), (5, 8)]
    for (W, b), (same_W, same_b), (other_W, _) in zip(first, again, other, strict=True):
        assert W.tobytes() == same_W.tobytes()
        assert b.tobytes() == same_b.tobytes()
        assert (other_W != W).any()
        assert W.dtype == b.dtype == dtype


def test_an_autoencoders_layer_is_its_encoder_after_training():
    options = {"sparse": SparseCode(0.2, 0.1), "tied": True, "loss": BinaryCrossEntropy()}
    train_layer = autoencoder_trainer(
        optimizer=SGD(0.05), rng=rng(), corrupt=mask, **options, **OPTIONS
    )
    W, b = train_layer(DIGITS.x, 8)
    draws = rng()
    ae = Autoencoder.random(64, 8, draws, **options)
    train(ae, DIGITS.x, DIGITS.x, optimizer=SGD(0.05), rng=draws, augment=mask, **OPTIONS)
    np.testing.assert_array_equal(W, ae.encoder.W)
    np.testing.assert_array_equal(b, ae.encoder.b)


def test_a_boltzmann_machines_layer_has_its_hidden_biases():
    W, b = rbm_trainer(lr=0.1, rng=rng(), k=2, **OPTIONS)(DIGITS.x, 8)
    draws = rng()
    machine = RBM.random(64, 8, draws)
    machine.fit(DIGITS.x, lr=0.1, rng=draws, k=2, **OPTIONS)
    np.testing.assert_array_equal(W, machine.W)
    np.testing.assert_array_equal(b, machine.c)


def test_a_supervised_layer_is_the_hidden_layer_of_a_trained_classifier():
    train_layer = supervised_trainer(DIGITS.labels, 10, optimizer=SGD(0.5), rng=rng(), **OPTIONS)
    W, b = train_layer(DIGITS.x, 8)
    draws = rng()
    network = dense_network([64, 8, 10], draws)
    train(network, DIGITS.x, DIGITS.labels, optimizer=SGD(0.5), rng=draws, **OPTIONS)
    np.testing.assert_array_equal(W, network.layers[0].W)
    np.testing.assert_array_equal(b, network.layers[0].b)


def test_the_optimizer_given_is_not_used_up():
    """Each layer starts with step 0 of the schedule."""
    asked = []

    def lr(t):
        asked.append(t)
        return 0.1

    optimizer = SGD(lr)
    options = {"epochs": 1, "batch_size": 250, "progress": False, "rng": rng()}
    greedy_pretrain(DIGITS.x, [3, 2], autoencoder_trainer(optimizer=optimizer, **options))
    assert asked == [0, 1, 0, 1]
    assert optimizer.t == 0


@every_trainer
def test_a_pretrained_network_can_be_fine_tuned(name):
    stack = greedy_pretrain(DIGITS.x, [20, 20], TRAINERS[name](0))
    network = stack_network(stack, 10, rng())
    history = train(
        network,
        DIGITS.x,
        DIGITS.labels,
        optimizer=SGD(1.0),
        epochs=30,
        batch_size=10,
        rng=rng(),
        progress=False,
    )
    assert history.loss[-1] < 0.2 < 1 < history.loss[0]
    assert network.accuracy(DIGITS.x, DIGITS.labels) > 0.98


def test_supervised_pretraining_gives_features_that_a_softmax_can_read():
    options = {"epochs": 15, "batch_size": 10, "progress": False}
    train_layer = supervised_trainer(DIGITS.labels, 10, optimizer=SGD(0.5), rng=rng(), **options)
    features = stack_features(DIGITS.x, greedy_pretrain(DIGITS.x, [20, 20], train_layer))
    random = stack_features(
        DIGITS.x, [(layer.W, layer.b) for layer in dense_network([64, 20, 20], rng()).layers]
    )

    def accuracy(x):
        softmax = dense_network([20, 10], rng())
        train(softmax, x, DIGITS.labels, optimizer=SGD(0.5), rng=rng(), **options)
        return softmax.accuracy(x, DIGITS.labels)

    assert accuracy(features) > 0.9 > 0.7 > accuracy(random)


@pytest.mark.parametrize("name", ["autoencoder", "rbm", "supervised"])
def test_ctrl_c_ends_the_pretraining_not_just_the_layer(name, monkeypatch):
    class Interrupted(RBM):
        def reconstruction_error(self, v):
            raise KeyboardInterrupt

    def interrupted(network, x, targets, **options):
        def interrupt(history):
            raise KeyboardInterrupt

        return train(network, x, targets, after_epoch=interrupt, **options)

    monkeypatch.setattr(layer_trainers, "train", interrupted)
    monkeypatch.setattr(layer_trainers, "RBM", Interrupted)
    with pytest.warns(UserWarning, match="interrupted"), pytest.raises(KeyboardInterrupt):
        greedy_pretrain(DIGITS.x, [4, 3], TRAINERS[name](0))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: supervised_trainer(DIGITS.labels, 0, optimizer=SGD(1), rng=rng(), **OPTIONS),
            ValueError,
            r"n_classes: expected at least 1, got 0",
        ),
        (
            lambda: supervised_trainer(
                DIGITS.labels[:9], 10, optimizer=SGD(1), rng=rng(), **OPTIONS
            )(DIGITS.x, 3),
            ValueError,
            r"labels: expected shape \(500,\), got \(9,\)",
        ),
        (
            lambda: rbm_trainer(lr=0.1, rng=rng(), **OPTIONS)(DIGITS.x - 1, 3),
            ValueError,
            r"x: expected numbers in \[0, 1\], got -1",
        ),
        (
            lambda: autoencoder_trainer(optimizer=SGD(1), rng=0, **OPTIONS)(DIGITS.x, 3),
            TypeError,
            r"rng: expected a numpy.random.Generator",
        ),
    ],
)
def test_bad_input_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
