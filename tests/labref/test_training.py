"""The training loop: what it computes, that it repeats itself, where it converges."""

import sys

import numpy as np
import pytest
from scipy import optimize, special
from sklearn.linear_model import LogisticRegression

from labref.data import load_digits, load_mnist
from labref.gradcheck import numerical_gradient, relative_error
from labref.layers import Activate, BatchNorm, Conv2D, Dense, Dropout, Flatten, MaxPool2D
from labref.losses import SigmoidCrossEntropy, SoftmaxCrossEntropy, SquaredError
from labref.network import Network, dense_network
from labref.optimizers import SGD, Adam
from labref.regularization.early_stopping import EarlyStopping
from labref.regularization.penalties import Penalty
from labref.training import train


def problem(n=50, dtype=np.float64):
    """Return inputs, labels and a small network."""
    rng = np.random.default_rng(0)
    x, labels = rng.standard_normal((n, 4)), rng.integers(0, 3, n)
    return x, labels, dense_network([4, 5, 3], rng, "tanh", dtype=dtype)


def run(network, x, targets, *, seed=0, lr=0.1, **options):
    """Train with defaults that suit these tests."""
    options = {"epochs": 3, "batch_size": 7, "progress": False} | options
    return train(network, x, targets, optimizer=SGD(lr), rng=np.random.default_rng(seed), **options)


@pytest.mark.parametrize("batch_size", [1, 7, 50, 1000])
def test_an_epoch_is_sgd_over_the_shuffled_batches(batch_size):
    """The batches, written down: a permutation, cut in pieces, the last one smaller."""
    x, labels, network = problem()
    _, _, twin = problem()
    history = run(network, x, labels, epochs=2, batch_size=batch_size, lr=0.1)

    rng, means = np.random.default_rng(0), []
    for _ in range(2):
        order, losses = rng.permutation(50), []
        for rows in np.split(order, range(batch_size, 50, batch_size)):
            loss, gradient = twin.loss_and_gradient(x[rows], labels[rows])
            losses.append(loss * len(rows))
            twin.parameters -= 0.1 * gradient
        means.append(sum(losses) / 50)
    np.testing.assert_allclose(network.parameters, twin.parameters, rtol=1e-12)
    assert history.loss == pytest.approx(means, rel=1e-12)


def test_blocks_of_batches_make_no_difference_to_what_is_computed():
    """Rows are gathered some hundred at a time; 450 rows of 7 are several blocks and a rest."""
    x, labels, network = problem(450)
    _, _, twin = problem(450)
    history = run(network, x, labels, epochs=1)
    order, total = np.random.default_rng(0).permutation(450), 0.0
    for rows in np.split(order, range(7, 450, 7)):
        loss, gradient = twin.loss_and_gradient(x[rows], labels[rows])
        total += loss * len(rows)
        twin.parameters -= 0.1 * gradient
    np.testing.assert_allclose(network.parameters, twin.parameters, rtol=1e-12)
    assert history.loss == pytest.approx([total / 450], rel=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_same_seed_gives_the_same_bits(dtype):
    x, labels, first = problem(dtype=dtype)
    _, _, second = problem(dtype=dtype)
    _, _, other = problem(dtype=dtype)
    history = run(first, x, labels)
    assert run(second, x, labels) == history
    assert first.parameters.tobytes() == second.parameters.tobytes()
    run(other, x, labels, seed=1)
    assert first.parameters.tobytes() != other.parameters.tobytes()


def test_float32_stays_float32():
    x, labels, network = problem(dtype=np.float32)
    run(network, x, labels)
    assert network.parameters.dtype == np.float32
    assert {layer.W.dtype for layer in network.layers} == {np.dtype(np.float32)}


def test_data_are_not_changed():
    x, labels, network = problem()
    before = x.copy(), labels.copy()
    run(network, x, labels, validation=(x, labels))
    np.testing.assert_array_equal(x, before[0])
    np.testing.assert_array_equal(labels, before[1])


def test_history_has_an_entry_per_epoch():
    x, labels, network = problem()
    history = run(network, x, labels, epochs=4, validation=(x[:20], labels[:20]))
    assert len(history.loss) == 4
    assert history.validation_loss[-1] == network.mean_loss(x[:20], labels[:20])
    assert history.validation_accuracy[-1] == network.accuracy(x[:20], labels[:20])
    assert len(history.validation_loss) == len(history.validation_accuracy) == 4


def test_without_validation_there_is_none_in_the_history():
    x, labels, network = problem()
    history = run(network, x, labels)
    assert history.validation_loss == history.validation_accuracy == []


def test_targets_that_are_values_have_no_accuracy():
    x, _, _ = problem()
    network = dense_network([4, 3, 2], np.random.default_rng(0), loss=SquaredError())
    history = run(network, x, x[:, :2], validation=(x, x[:, :2]))
    assert len(history.validation_loss) == 3
    assert history.validation_accuracy == []


def test_training_learns_the_digits():
    digits = load_digits()
    training, test = digits[:1400], digits[1400:]
    network = dense_network([64, 30, 10], np.random.default_rng(0))
    history = run(network, training.x, training.labels, epochs=30, batch_size=10, lr=0.5)
    assert history.loss[-1] < 0.05 < history.loss[0]
    assert network.accuracy(test.x, test.labels) > 0.9


def test_least_squares_reaches_the_normal_equations_solution():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((60, 3))
    y = x @ rng.standard_normal((3, 2)) + 0.1 * rng.standard_normal((60, 2)) + 1
    network = Network([Dense(np.zeros((2, 3)), np.zeros(2))], SquaredError())
    run(network, x, y, epochs=500, batch_size=60, lr=0.5)
    solution = np.linalg.lstsq(np.column_stack([x, np.ones(60)]), y, rcond=None)[0]
    np.testing.assert_allclose(network.layers[0].W, solution[:3].T, rtol=1e-10)
    np.testing.assert_allclose(network.layers[0].b, solution[3], rtol=1e-10)


def overlapping_classes(n_classes):
    """Return points of overlapping classes, for which the likelihood has a finite maximum."""
    rng = np.random.default_rng(0)
    labels = np.arange(120) % n_classes
    return rng.standard_normal((120, 2)) + rng.standard_normal((n_classes, 2))[labels], labels


@pytest.mark.equation("eq-logistic")
def test_logistic_regression_reaches_scikit_learns_optimum():
    x, labels = overlapping_classes(2)
    network = Network([Dense(np.zeros((1, 2)), np.zeros(1))], SigmoidCrossEntropy())
    run(network, x, labels, epochs=3000, batch_size=120, lr=1.0)
    peer = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(x, labels)
    np.testing.assert_allclose(network.layers[0].W, peer.coef_, rtol=1e-5)
    np.testing.assert_allclose(network.layers[0].b, peer.intercept_, rtol=1e-5)
    np.testing.assert_allclose(network.predict(x)[:, 0], peer.predict_proba(x)[:, 1], rtol=1e-5)


def test_softmax_regression_reaches_scikit_learns_optimum():
    x, labels = overlapping_classes(3)
    network = Network([Dense(np.zeros((3, 2)), np.zeros(3))], SoftmaxCrossEntropy())
    run(network, x, labels, epochs=3000, batch_size=120, lr=1.0)
    peer = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(x, labels)
    np.testing.assert_allclose(network.predict(x), peer.predict_proba(x), rtol=1e-5)
    assert network.mean_loss(x, labels) == pytest.approx(best_loss(x, labels, 3), rel=1e-9)


def best_loss(x, labels, n_classes):
    """Minimise the mean cross-entropy with SciPy alone."""
    augmented = np.column_stack([x, np.ones(len(x))])

    def loss(w):
        log_p = special.log_softmax(augmented @ w.reshape(-1, n_classes), axis=1)
        return -log_p[np.arange(len(x)), labels].mean()

    return optimize.minimize(loss, np.zeros(augmented.shape[1] * n_classes), tol=1e-10).fun


def test_a_loss_that_is_not_finite_stops_training_with_advice():
    x, _, _ = problem()
    network = dense_network([4, 3, 2], np.random.default_rng(0), "identity", SquaredError())
    with pytest.raises(FloatingPointError, match=r"after epoch \d+ of 200: try a smaller step"):
        run(network, x, x[:, :2], epochs=200, lr=10.0)


def test_nothing_is_changed_if_an_argument_does_not_fit():
    x, labels, network = problem()
    before = network.parameters.copy()
    bad = labels.copy()
    bad[-1] = 3
    with pytest.raises(ValueError, match="labels"):
        run(network, x, bad)
    with pytest.raises(ValueError, match="labels"):
        run(network, x, labels, validation=(x, bad))
    np.testing.assert_array_equal(network.parameters, before)


def interrupt_after(epochs):
    """Return an ``after_epoch`` that presses Ctrl-C."""

    def after_epoch(history):
        if len(history.loss) == epochs:
            raise KeyboardInterrupt

    return after_epoch


def test_ctrl_c_leaves_the_history_and_the_network():
    x, labels, network = problem()
    _, _, twin = problem()
    with pytest.warns(UserWarning, match="interrupted after 2 of 9 epochs"):
        history = run(network, x, labels, epochs=9, after_epoch=interrupt_after(2))
    assert history.interrupted
    expected = run(twin, x, labels, epochs=2)
    assert not expected.interrupted
    assert history.loss == expected.loss
    np.testing.assert_array_equal(network.parameters, twin.parameters)


def test_ctrl_c_in_the_middle_of_an_epoch_leaves_whole_epochs_in_the_history():
    x, labels, network = problem()

    class Interrupted(SGD):
        def step(self, *args, **options):
            if self.t == 11:
                raise KeyboardInterrupt
            super().step(*args, **options)

    with pytest.warns(UserWarning, match="interrupted after 1 of 3 epochs"):
        history = train(
            network,
            x,
            labels,
            optimizer=Interrupted(0.1),
            epochs=3,
            batch_size=7,
            rng=np.random.default_rng(0),
            validation=(x, labels),
        )
    assert len(history.loss) == len(history.validation_loss) == 1
    assert np.isfinite(network.mean_loss(x, labels))


def test_early_stopping_ends_the_run_and_restores_the_best_parameters():
    x, labels, network = problem(400)  # random labels: validation gets worse
    stopping, seen = EarlyStopping(3), []
    history = run(
        network,
        x[:100],
        labels[:100],
        epochs=500,
        lr=0.5,
        validation=(x[100:], labels[100:]),
        early_stopping=stopping,
        after_epoch=lambda history: seen.append(network.parameters.copy()),
    )
    best = int(np.argmin(history.validation_loss))
    assert len(history.loss) == best + 4 < 500
    assert stopping.best_epoch == best
    np.testing.assert_array_equal(network.parameters, seen[best])


@pytest.mark.filterwarnings("ignore:training was interrupted")
@pytest.mark.parametrize("end", ["Ctrl-C", "explosion"])
def test_the_best_parameters_survive_however_training_ends(end):
    x, labels, network = problem(400)
    stopping = EarlyStopping(500)

    def after_epoch(history):
        if len(history.loss) == 60:
            if end == "Ctrl-C":
                raise KeyboardInterrupt
            network.parameters[...] = np.inf

    options = {
        "epochs": 500,
        "lr": 0.5,
        "validation": (x[100:], labels[100:]),
        "early_stopping": stopping,
        "after_epoch": after_epoch,
    }
    if end == "Ctrl-C":
        run(network, x[:100], labels[:100], **options)
    else:
        with pytest.raises(FloatingPointError, match="after epoch 61"):
            run(network, x[:100], labels[:100], **options)
    assert 0 < stopping.best_epoch < 59
    assert network.mean_loss(x[100:], labels[100:]) == stopping.best


def test_early_stopping_needs_validation_data():
    x, labels, network = problem()
    with pytest.raises(ValueError, match=r"validation: expected .* got None"):
        run(network, x, labels, early_stopping=EarlyStopping(2))


def test_augmentation_changes_inputs_but_neither_the_data_nor_the_targets():
    x, labels, network = problem()
    _, _, twin = problem()
    before, blocks = x.copy(), []

    def augment(rows, rng):
        blocks.append(rows)
        return rows + rng.standard_normal(rows.shape)

    run(network, x, labels, epochs=1, batch_size=50, augment=augment)
    np.testing.assert_array_equal(x, before)
    rng = np.random.default_rng(0)
    order = rng.permutation(50)
    noisy = x[order] + rng.standard_normal(x.shape)
    twin.parameters -= 0.1 * twin.loss_and_gradient(noisy, labels[order])[1]
    np.testing.assert_allclose(network.parameters, twin.parameters, rtol=1e-12)
    np.testing.assert_array_equal(blocks[0], x[order])


def test_augmentation_must_keep_the_shape():
    x, labels, network = problem()
    with pytest.raises(ValueError, match=r"x: expected shape \(N, 4\), got \(50, 3\)"):
        run(network, x, labels, augment=lambda rows, rng: rows[:, :3])


def test_clipping_comes_between_the_gradient_and_the_step():
    x, labels, network = problem()
    before = network.parameters.copy()
    run(network, x, labels, epochs=1, batch_size=50, lr=1.0, clip=lambda g: np.clip(g, -1e-3, 1e-3))
    moved = np.abs(network.parameters - before)
    assert moved.max() == pytest.approx(1e-3)
    assert (moved < 0.999e-3).any()


def test_after_epoch_sees_the_history_so_far():
    x, labels, network = problem()
    seen = []
    history = run(network, x, labels, after_epoch=lambda history: seen.append(len(history.loss)))
    assert seen == [1, 2, 3] == list(range(1, len(history.loss) + 1))


def test_a_weight_penalty_is_part_of_the_gradient_but_not_of_the_history():
    class Ridge(Penalty):
        def value(self, W):
            return 0.05 * float((W**2).sum())

        def grad(self, W):
            return 0.1 * W

    x, labels, network = problem()
    network.weight_penalty = Ridge()
    loss, gradient = network.loss_and_gradient(x, labels)
    start = network.parameters.copy()
    cost = network.objective(x, labels)
    numerical = numerical_gradient(lambda v: cost(v)[0], start)
    assert relative_error(gradient, numerical) < 1e-8
    network.parameters[...] = start
    assert loss == pytest.approx(network.mean_loss(x, labels) + network.penalty(), rel=1e-12)
    history = run(network, x, labels, epochs=1, batch_size=50)
    assert history.loss[0] == pytest.approx(
        loss - Ridge().value(start[:20]) - Ridge().value(start[25:40])
    )


def test_there_is_a_bar_only_where_tqdm_is_and_it_is_wanted(monkeypatch, capsys):
    x, labels, network = problem()
    run(network, x, labels, progress=False)
    monkeypatch.setitem(sys.modules, "tqdm", None)
    history = run(network, x, labels, progress=True)
    assert len(history.loss) == 3
    assert capsys.readouterr() == ("", "")


@pytest.mark.mnist
def test_one_epoch_on_mnist_gets_nine_tenths_right():
    training, test = load_mnist()
    network = dense_network([784, 30, 10], np.random.default_rng(0), dtype=np.float32)
    run(network, training.x[:50_000], training.labels[:50_000], epochs=1, batch_size=10, lr=0.5)
    assert network.accuracy(test.x, test.labels) > 0.92


def small_cnn(dtype):
    """Return a network with convolution, batch norm, pooling, dropout and dense layers."""
    rng = np.random.default_rng(0)
    layers = [
        Conv2D.random(1, 4, 3, "identity", rng, dtype, pad=1),
        BatchNorm(4, dtype=dtype),
        Activate("relu"),
        MaxPool2D(2),
        Flatten(),
        Dropout(0.8, rng),
        Dense.random(64, 10, "identity", rng, dtype),
    ]
    return Network(layers, SoftmaxCrossEntropy(), in_shape=(1, 8, 8))


def images(dtype):
    digits = load_digits()[:300]
    return digits.images[:, None].astype(dtype), digits.labels


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_convolutional_network_learns_in_its_dtype_and_to_the_same_bits(dtype):
    x, labels = images(dtype)
    networks = [small_cnn(dtype) for _ in range(2)]
    histories = [
        train(
            network,
            x,
            labels,
            optimizer=Adam(0.01),
            epochs=5,
            batch_size=32,
            rng=np.random.default_rng(1),
        )
        for network in networks
    ]
    assert histories[0] == histories[1]
    assert networks[0].parameters.tobytes() == networks[1].parameters.tobytes()
    assert histories[0].loss[-1] < 0.3 * histories[0].loss[0]
    assert networks[0].accuracy(x, labels) > 0.9
    for array in (*networks[0].state().values(), networks[0].forward(x[:3]), networks[0].gradient):
        assert array.dtype == dtype
