"""Saving and loading: a loaded run goes on as if it had not stopped."""

import numpy as np
import pytest

from labref.checkpoint import load, save
from labref.layers import Dense, Flatten
from labref.losses import SoftmaxCrossEntropy
from labref.network import Network, dense_network
from labref.optimizers import SGD
from labref.pretraining.rbm import RBM
from labref.regularization.early_stopping import EarlyStopping
from labref.schedules import inverse_time
from labref.training import History, train
from tests.labref.layers.examples import EXAMPLES as LAYERS
from tests.labref.optimizers.examples import EXAMPLES as OPTIMIZERS


def data():
    rng = np.random.default_rng(1)
    return rng.standard_normal((40, 4)), rng.integers(0, 3, 40)


class Run:
    """All that changes while a network trains."""

    def __init__(self, make_optimizer=lambda: SGD(inverse_time(0.5, 10)), seed=0, sizes=(4, 5, 3)):
        self.network = dense_network(list(sizes), np.random.default_rng(seed), "tanh")
        self.optimizer = make_optimizer()
        self.rng = np.random.default_rng(seed)
        self.early_stopping = EarlyStopping(1000)

    def train(self, epochs):
        x, labels = data()
        return train(
            self.network,
            x,
            labels,
            optimizer=self.optimizer,
            epochs=epochs,
            batch_size=8,
            rng=self.rng,
            validation=(x, labels),
            progress=False,
        )

    def parts(self):
        return {"network": self.network, "optimizer": self.optimizer, "rng": self.rng}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_loaded_run_goes_on_to_the_same_bits(name, tmp_path):
    straight = Run(OPTIMIZERS[name])
    whole = straight.train(6)
    stopped = Run(OPTIMIZERS[name])
    first = stopped.train(2)
    save(tmp_path / "run.npz", **stopped.parts(), history=first)

    loaded, history = Run(OPTIMIZERS[name], seed=5), History()
    load(tmp_path / "run.npz", **loaded.parts(), history=history)
    assert history == first
    rest = loaded.train(4)
    assert first.loss + rest.loss == whole.loss
    assert loaded.network.parameters.tobytes() == straight.network.parameters.tobytes()


@pytest.mark.parametrize("name", LAYERS)
def test_every_layer_comes_back_with_its_state_and_its_random_numbers(name, tmp_path):
    def network(seed):
        rng = np.random.default_rng(seed)
        layer, in_shape = LAYERS[name](rng)
        head = Dense(rng.standard_normal((3, 4)), np.zeros(3))
        rows = _RowsOfFour()
        return Network([layer, rows, head], SoftmaxCrossEntropy(), in_shape), in_shape

    saved, in_shape = network(0)
    x, labels = np.random.default_rng(1).standard_normal((6, *in_shape)), np.arange(6) % 3
    saved.loss_and_gradient(x, labels)
    save(tmp_path / "run.npz", network=saved)
    other, _ = network(7)
    load(tmp_path / "run.npz", network=other)
    for _ in range(2):  # draws the same masks and moves the same running means
        loss, gradient = saved.loss_and_gradient(x, labels)
        other_loss, other_gradient = other.loss_and_gradient(x, labels)
        assert loss == other_loss
        np.testing.assert_array_equal(gradient, other_gradient)
    np.testing.assert_array_equal(saved.forward(x), other.forward(x))


class _RowsOfFour(Flatten):
    """Any output as rows of its first four numbers."""

    def out_shape(self, in_shape):
        return (4,)

    def forward(self, x, training=False):
        self.width = x[0].size
        self.rows = super().forward(x)
        return np.resize(self.rows.T, (4, len(x))).T

    def backward(self, grad_y, need_dx=True):
        grad = np.zeros_like(self.rows)
        for column in range(4):
            grad[:, column % self.width] += grad_y[:, column]
        return super().backward(grad)


@pytest.mark.parametrize("kind", ["PCG64", "Philox", "MT19937", "SFC64"])
def test_generators_of_any_kind_go_on(kind, tmp_path):
    rng, other = (np.random.Generator(getattr(np.random, kind)(seed)) for seed in (0, 1))
    rng.standard_normal(3)
    save(tmp_path / "rng.npz", rng=rng)
    load(tmp_path / "rng.npz", rng=other)
    np.testing.assert_array_equal(rng.random(5), other.random(5))


def test_the_best_network_so_far_is_saved_too(tmp_path):
    x, labels = data()
    run = Run()
    options = {"epochs": 3, "batch_size": 8, "validation": (x, labels), "progress": False}
    train(
        run.network,
        x,
        labels,
        optimizer=run.optimizer,
        rng=run.rng,
        early_stopping=run.early_stopping,
        **options,
    )
    save(tmp_path / "run.npz", early_stopping=run.early_stopping)
    loaded = EarlyStopping(1000)
    load(tmp_path / "run.npz", early_stopping=loaded)
    assert (loaded.best, loaded.best_epoch) == (run.early_stopping.best, 2)
    np.testing.assert_array_equal(loaded.best_state["parameters"], run.network.parameters)
    assert type(loaded.best_epoch) is int


def test_a_file_saved_before_the_first_step_loads(tmp_path):
    for make in OPTIMIZERS.values():
        optimizer = make()
        save(tmp_path / "run.npz", optimizer=optimizer)
        other = make()
        other.step(np.ones(3), np.ones(3))
        load(tmp_path / "run.npz", optimizer=other)
        for state in optimizer.state_names:
            assert getattr(other, state) == getattr(optimizer, state), state


def test_a_file_holds_nothing_that_needs_pickle(tmp_path):
    run = Run()
    history = run.train(1)
    save(tmp_path / "run.npz", **run.parts(), history=history, early_stopping=run.early_stopping)
    with np.load(tmp_path / "run.npz", allow_pickle=False) as file:
        assert all(array.dtype.kind in "fiU" for array in dict(file).values())


def test_a_save_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    run = Run()
    path = tmp_path / "run.npz"
    save(path, network=run.network)
    before = path.read_bytes()

    def full_disk(file, **arrays):
        file.write(b"half")
        raise OSError("no space left on device")

    monkeypatch.setattr(np, "savez", full_disk)
    with pytest.raises(OSError, match="no space"):
        save(path, network=run.network)
    assert path.read_bytes() == before


def test_a_boltzmann_machine_goes_on_with_its_chains(tmp_path):
    x = (np.random.default_rng(1).random((40, 6)) < 0.5).astype(float)
    options = {"batch_size": 8, "lr": 0.05, "persistent": True, "progress": False}

    def machine(seed):
        return RBM.random(6, 4, np.random.default_rng(seed)), np.random.default_rng(seed)

    straight, rng = machine(0)
    straight.fit(x, epochs=4, rng=rng, **options)
    stopped, rng = machine(0)
    stopped.fit(x, epochs=2, rng=rng, **options)
    save(tmp_path / "run.npz", rbm=stopped, rng=rng)
    loaded, rng = machine(5)
    load(tmp_path / "run.npz", rbm=loaded, rng=rng)
    loaded.fit(x, epochs=2, rng=rng, **options)
    assert loaded.W.tobytes() == straight.W.tobytes()

    other = RBM.random(6, 3, rng)
    with pytest.raises(ValueError, match=r"rbm: W: expected .* shape \(4, 6\), got \(3, 6\)"):
        load(tmp_path / "run.npz", rbm=other)


MISFITS = {
    "other sizes": (
        "network",
        lambda: Run(sizes=(4, 6, 3)).network,
        r"W \(5, 4\).* got .*\(6, 4\)",
    ),
    "same number of parameters": (
        "network",
        lambda: Network(
            [Dense(np.zeros((3, 4)), np.zeros(3)), Dense(np.zeros((7, 3)), np.zeros(7))],
            SoftmaxCrossEntropy(),
        ),
        r"network: expected what was saved, float64 Dense W \(5, 4\)",
    ),
    "other dtype": (
        "network",
        lambda: dense_network([4, 5, 3], np.random.default_rng(0), "tanh", dtype=np.float32),
        "float64 .* got float32",
    ),
    "other kind": ("optimizer", lambda: EarlyStopping(3), "SGD"),
    "other generator": (
        "rng",
        lambda: np.random.Generator(np.random.Philox(0)),
        "rng: expected what was saved, PCG64, got Philox",
    ),
    "not saved": ("weights", lambda: Run().network, r"weights: expected one of .*network.*rng"),
}


@pytest.mark.parametrize("misfit", MISFITS)
def test_a_file_that_does_not_fit_is_refused_and_changes_nothing(misfit, tmp_path):
    name, make, message = MISFITS[misfit]
    saved = Run(seed=3)
    saved.train(1)
    save(tmp_path / "run.npz", **saved.parts())
    mine = Run()
    before = mine.network.parameters.copy()
    with pytest.raises(ValueError, match=message):
        load(tmp_path / "run.npz", **{"network": mine.network, name: make()})
    np.testing.assert_array_equal(mine.network.parameters, before)


def test_parts_of_no_known_kind_are_refused(tmp_path):
    with pytest.raises(TypeError, match=r"x: expected a network.* got ndarray"):
        save(tmp_path / "run.npz", x=np.ones(3))
    assert not (tmp_path / "run.npz").exists()
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "none.npz", rng=np.random.default_rng(0))
