"""Restricted Boltzmann machines: free energy, conditionals, samples, training."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, logsumexp
from sklearn.neural_network import BernoulliRBM

from labref.data import load_digits
from labref.gradcheck import numerical_gradient, relative_error
from labref.pretraining import rbm as rbm_module
from labref.pretraining.contrastive_divergence import cd_gradients, pcd_gradients
from labref.pretraining.rbm import RBM, free_energy
from tests.labref.pretraining.enumeration import (
    expectations,
    joint_distribution,
    log_likelihood,
    states,
    tiny_data,
    tiny_machine,
)

sizes = st.integers(1, 5)


def rng(seed=0):
    return np.random.default_rng(seed)


def fit(machine, x, seed=0, **options):
    """Fit with defaults that suit these tests."""
    options = {"epochs": 3, "batch_size": 3, "lr": 0.1, "progress": False} | options
    return machine.fit(x, rng=rng(seed), **options)


def parameters(machine):
    return np.concatenate([machine.W.ravel(), machine.b, machine.c])


@pytest.mark.equation("eq-free-energy", "eq-rbm-energy")
@given(n_visible=sizes, n_hidden=sizes, seed=st.integers(0, 99))
def test_free_energy_is_minus_the_log_of_the_summed_out_hidden_states(n_visible, n_hidden, seed):
    W, b, c = tiny_machine(n_visible, n_hidden, seed=seed)
    p, log_z = joint_distribution(W, b, c)
    v = states(n_visible)
    np.testing.assert_allclose(-free_energy(v, W, b, c), np.log(p.sum(axis=1)) + log_z, rtol=1e-9)
    assert logsumexp(-free_energy(v, W, b, c)) == pytest.approx(log_z)


@pytest.mark.equation("eq-free-energy-grad")
def test_derivatives_of_the_free_energy_are_minus_the_data_statistics():
    """What contrastive divergence calls the positive phase: -p v^T, -v and -p."""
    v, machine = tiny_data(), tiny_machine()
    p = expit(v @ machine[0].T + machine[2])
    expected = -p.T @ v / len(v), -v.mean(axis=0), -p.mean(axis=0)
    for i, gradient in enumerate(expected):

        def mean(value, i=i):
            return free_energy(v, *machine[:i], value, *machine[i + 1 :]).mean()

        assert relative_error(gradient, numerical_gradient(mean, machine[i])) < 1e-8


def test_free_energy_and_hidden_probabilities_agree_with_scikit_learn():
    x = rng().uniform(size=(6, 4))
    W, b, c = tiny_machine()
    peer = BernoulliRBM()
    peer.components_, peer.intercept_visible_, peer.intercept_hidden_ = W, b, c
    ours = RBM(W, b, c)
    np.testing.assert_allclose(ours.free_energy(x), peer._free_energy(x), rtol=1e-12)
    np.testing.assert_allclose(free_energy(x, W, b, c), peer._free_energy(x), rtol=1e-12)
    np.testing.assert_allclose(ours.hidden_probabilities(x), peer.transform(x), rtol=1e-12)


@pytest.mark.equation("eq-rbm-conditionals")
def test_conditional_probabilities_are_those_of_the_joint_distribution():
    W, b, c = tiny_machine()
    machine, (p, _) = RBM(W, b, c), joint_distribution(W, b, c)
    v, h = states(4), states(3)
    given_v, given_h = p / p.sum(axis=1, keepdims=True), p / p.sum(axis=0)
    np.testing.assert_allclose(machine.hidden_probabilities(v), given_v @ h, rtol=1e-12)
    np.testing.assert_allclose(machine.visible_probabilities(h), given_h.T @ v, rtol=1e-12)
    np.testing.assert_allclose(
        machine.reconstruct(v), expit(expit(v @ W.T + c) @ W + b), rtol=1e-12
    )
    error = machine.reconstruct(v) - v
    assert machine.reconstruction_error(v) == pytest.approx((error**2).sum() / 2 / len(v))


def test_samples_are_bits_with_the_conditional_probabilities():
    machine = RBM(*tiny_machine())
    v, h = np.tile([1.0, 0, 1, 1], (20_000, 1)), np.tile([0.0, 1, 1], (20_000, 1))
    for sample, p in (
        (machine.sample_hidden(v, rng()), machine.hidden_probabilities(v[:1])),
        (machine.sample_visible(h, rng()), machine.visible_probabilities(h[:1])),
    ):
        assert set(np.unique(sample)) == {0, 1}
        np.testing.assert_allclose(sample.mean(axis=0), p[0], atol=5 * 0.5 / np.sqrt(20_000))


def test_generated_states_have_the_models_means():
    W, b, c = tiny_machine()
    generated = RBM(W, b, c).generate(20_000, 50, rng())
    _, v, _ = expectations(W, b, c)
    assert generated.shape == (20_000, 4)
    np.testing.assert_allclose(generated.mean(axis=0), v, atol=5 * 0.5 / np.sqrt(20_000))


@pytest.mark.pitfall("P30")
@pytest.mark.parametrize("persistent", [False, True])
@pytest.mark.parametrize("k", [1, 3])
def test_an_epoch_is_descent_over_the_shuffled_batches(persistent, k):
    x = tiny_data()
    machine = RBM(*tiny_machine())
    W, b, c = tiny_machine()
    errors = fit(machine, x, epochs=2, persistent=persistent, k=k)

    draws, chains, expected = rng(), None, []
    for _ in range(2):
        order = draws.permutation(8)
        for rows in np.split(order, [3, 6]):
            if not persistent:
                gradients = cd_gradients(x[rows], W, b, c, k, draws)
            else:
                if chains is None:  # from fair coins; three chains for the last two rows too
                    coins = (draws.random((3, 4)) < 0.5).astype(float)
                    chains = (draws.random((3, 3)) < expit(coins @ W.T + c)).astype(float)
                *gradients, chains = pcd_gradients(x[rows], chains, W, b, c, draws, k)
            W, b, c = (p - 0.1 * g for p, g in zip((W, b, c), gradients, strict=True))
        expected.append(RBM(W, b, c).reconstruction_error(x))
    np.testing.assert_allclose(parameters(machine), parameters(RBM(W, b, c)), rtol=1e-12)
    assert errors == pytest.approx(expected, rel=1e-12)
    if persistent:
        np.testing.assert_array_equal(machine.chains, chains)


@pytest.mark.parametrize("persistent", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_same_seed_gives_the_same_bits_and_the_dtype_is_kept(persistent, dtype):
    x = rng().uniform(size=(20, 4))
    before = x.copy()

    def trained(seed):
        machine = RBM.random(4, 3, rng(), dtype)
        errors = fit(machine, x, seed, persistent=persistent)
        return machine, errors

    (first, errors), (second, again), (other, _) = trained(0), trained(0), trained(1)
    assert errors == again
    assert parameters(first).tobytes() == parameters(second).tobytes()
    assert parameters(first).tobytes() != parameters(other).tobytes()
    arrays = [first.W, first.b, first.c, first.reconstruct(x), first.free_energy(x)]
    arrays += [first.sample_hidden(x, rng()), first.generate(2, 3, rng())]
    assert {array.dtype for array in arrays} == {np.dtype(dtype)}
    np.testing.assert_array_equal(x, before)


def test_persistent_chains_are_kept_from_fit_to_fit_unless_the_batch_size_changes():
    x, machine = tiny_data(), RBM(*tiny_machine())
    assert machine.chains is None
    fit(machine, x, epochs=1, persistent=True)
    twin = copy.deepcopy(machine)
    fit(machine, x, epochs=1, persistent=True)
    twin.chains = None
    fit(twin, x, epochs=1, persistent=True)
    assert not np.allclose(machine.W, twin.W)
    fit(machine, x, epochs=1, persistent=True, batch_size=5)
    assert machine.chains.shape == (5, 3)


@pytest.mark.parametrize(("persistent", "k"), [(False, 1), (False, 10), (True, 1)])
def test_training_makes_data_likelier(persistent, k):
    data = np.repeat([[1.0, 1, 0, 0], [0, 0, 1, 1]], 50, axis=0)
    machine = RBM.random(4, 3, rng())
    before = log_likelihood(data, machine.W, machine.b, machine.c)
    fit(machine, data, epochs=600, batch_size=100, persistent=persistent, k=k)
    after = log_likelihood(data, machine.W, machine.b, machine.c)
    assert before == pytest.approx(-4 * np.log(2), abs=0.01)
    assert after > -1.2  # at best -log(2), which is -0.69


@pytest.mark.parametrize("persistent", [False, True])
def test_the_reconstruction_of_digits_gets_better(persistent):
    x = load_digits().x[:500]
    machine = RBM.random(64, 30, rng())
    start = machine.reconstruction_error(x)
    errors = fit(machine, x, epochs=20, batch_size=10, persistent=persistent)
    assert errors[-1] < 0.6 * errors[0] < 0.6 * start
    means = 0.5 * ((x - x.mean(axis=0)) ** 2).sum(axis=1).mean()
    assert errors[-1] < 0.8 * means


def test_ctrl_c_leaves_the_errors_so_far_and_a_usable_machine(monkeypatch):
    x, machine, calls = tiny_data(), RBM(*tiny_machine()), []

    def interrupted(*arguments):
        calls.append(1)
        if len(calls) == 8:  # in the third epoch of three batches
            raise KeyboardInterrupt
        return cd_gradients(*arguments)

    monkeypatch.setattr(rbm_module, "cd_gradients", interrupted)
    with pytest.warns(UserWarning, match="interrupted after 2 of 5 epochs"):
        errors = fit(machine, x, epochs=5)
    assert len(errors) == 2
    assert np.isfinite(machine.free_energy(x)).all()
    assert not np.allclose(machine.W, tiny_machine()[0])


def test_nothing_is_changed_if_an_argument_does_not_fit():
    machine = RBM(*tiny_machine())
    before = parameters(machine)
    with pytest.raises(ValueError, match="x"):
        fit(machine, 2 * tiny_data())
    with pytest.raises(ValueError, match="k"):
        fit(machine, tiny_data(), k=0)
    np.testing.assert_array_equal(parameters(machine), before)


def test_a_machine_owns_its_parameters_and_can_be_pickled():
    W, b, c = tiny_machine()
    machine = RBM(W, b, c)
    fit(machine, tiny_data(), persistent=True)
    np.testing.assert_array_equal(W, tiny_machine()[0])
    twin = pickle.loads(pickle.dumps(machine))
    fit(machine, tiny_data(), persistent=True)
    fit(twin, tiny_data(), persistent=True)
    np.testing.assert_array_equal(parameters(machine), parameters(twin))


def test_first_weights_are_small_and_biases_zero():
    machine = RBM.random(300, 200, rng(), np.float32)
    assert machine.W.std() == pytest.approx(0.01, rel=0.02)
    assert not machine.b.any()
    assert not machine.c.any()


X, MACHINE = tiny_data(), RBM(*tiny_machine())


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: free_energy(X[0], *tiny_machine()),
            ValueError,
            r"v: expected shape \(N, 4\), got \(4,\)",
        ),
        (
            lambda: RBM(X[0], X[0], X[0]),
            ValueError,
            r"W: expected shape \(n_hidden, n_visible\), got \(4,\)",
        ),
        (lambda: RBM(X, X[0], X[0]), ValueError, r"c: expected shape \(8,\), got \(4,\)"),
        (lambda: RBM(X, X[0, :2], X[0]), ValueError, r"b: expected shape \(4,\), got \(2,\)"),
        (lambda: RBM.random(0, 2, rng()), ValueError, r"n_visible: expected at least 1, got 0"),
        (lambda: RBM.random(2, 1.5, rng()), TypeError, r"n_hidden: expected an integer"),
        (lambda: RBM.random(2, 2, 0), TypeError, r"rng: expected a numpy.random.Generator"),
        (lambda: MACHINE.hidden_probabilities(X[:, :2]), ValueError, r"v: expected .* \(N, 4\)"),
        (lambda: MACHINE.visible_probabilities(X), ValueError, r"h: expected shape \(N, 3\)"),
        (lambda: MACHINE.reconstruct(X[:0]), ValueError, r"v: expected .* \(empty\)"),
        (lambda: MACHINE.sample_hidden(X, None), TypeError, r"rng: expected .* got NoneType"),
        (lambda: MACHINE.sample_visible(X[:, :3], 1), TypeError, r"rng: expected .* got int"),
        (lambda: MACHINE.generate(0, 1, rng()), ValueError, r"n: expected at least 1, got 0"),
        (lambda: MACHINE.generate(1, 0, rng()), ValueError, r"steps: expected at least 1, got 0"),
        (lambda: MACHINE.generate(1, 1, 3), TypeError, r"rng: expected .* got int"),
        (lambda: fit(MACHINE, X - 0.5), ValueError, r"x: expected numbers in \[0, 1\], got -0.5"),
        (lambda: fit(MACHINE, X[:, :3]), ValueError, r"x: expected shape \(N, 4\), got \(8, 3\)"),
        (lambda: fit(MACHINE, X, epochs=0), ValueError, r"epochs: expected at least 1, got 0"),
        (lambda: fit(MACHINE, X, batch_size=0), ValueError, r"batch_size: expected at least 1"),
        (lambda: fit(MACHINE, X, lr=0), ValueError, r"lr: expected a number in \(0, inf\), got 0"),
        (lambda: fit(MACHINE, X, lr=lambda t: 1), TypeError, r"lr: expected a number"),
        (lambda: fit(MACHINE, X, k=-1), ValueError, r"k: expected at least 1, got -1"),
    ],
)
def test_bad_input_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
