"""Autoencoders: gradients of all parameters, tying, sparse and denoising training, copies."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labref.data import load_digits
from labref.gradcheck import numerical_gradient, relative_error
from labref.layers import Dense, SparseCode
from labref.losses import BinaryCrossEntropy, SquaredError
from labref.optimizers import SGD
from labref.pretraining.autoencoder import Autoencoder, TiedDecoder, autoencoder_gradients
from labref.pretraining.corruption import mask_corrupt
from labref.pretraining.sparsity import kl_sparsity
from labref.regularization.penalties import L2
from labref.training import train

sizes = st.integers(1, 5)
LOSSES = {"linear": SquaredError(), "sigmoid": BinaryCrossEntropy()}


def rng(seed=0):
    return np.random.default_rng(seed)


def parameters(n_in=4, n_hidden=3):
    """Return W, b, V, c."""
    draws = rng(1)
    shapes = (n_hidden, n_in), (n_hidden,), (n_in, n_hidden), (n_in,)
    return [0.7 * draws.standard_normal(shape) for shape in shapes]


def inputs(n=6, n_in=4):
    return rng().uniform(0.05, 0.95, (n, n_in))


def make(decoder="linear", tied=False, sparse=False, dtype=np.float64):
    """Return an autoencoder with biases that are not zero."""
    penalty = SparseCode(0.2, 0.5) if sparse else None
    ae = Autoencoder.random(
        4, 3, rng(), tied=tied, loss=LOSSES[decoder], sparse=penalty, dtype=dtype
    )
    ae.encoder.b[...] = [0.1, -0.2, 0.3]
    ae.decoder.b[...] = [0.3, 0.2, -0.1, 0.0]
    return ae


kinds = pytest.mark.parametrize(
    "kind",
    [
        {"decoder": decoder, "tied": tied, "sparse": sparse}
        for decoder in LOSSES
        for tied in (False, True)
        for sparse in (False, True)
    ],
    ids=str,
)


@pytest.mark.equation("eq-autoencoder-deltas", "eq-autoencoder-gradients", "eq-sparse-delta")
@given(n=sizes, n_in=sizes, n_hidden=sizes, lam=st.sampled_from([0.0, 0.1, 3.0]))
def test_all_four_gradients_agree_with_central_differences(n, n_in, n_hidden, lam):
    x, arrays = inputs(n, n_in), parameters(n_in, n_hidden)
    _, *gradients = autoencoder_gradients(x, *arrays, lam, 0.2)
    for i, gradient in enumerate(gradients):

        def loss(value, i=i):
            return autoencoder_gradients(x, *arrays[:i], value, *arrays[i + 1 :], lam, 0.2)[0]

        assert relative_error(gradient, numerical_gradient(loss, arrays[i])) < 1e-7, i


@pytest.mark.equation("eq-autoencoder", "eq-autoencoder-loss")
def test_the_loss_is_half_the_squared_distance_plus_the_penalty_over_all_rows():
    x, (W, b, V, c) = inputs(), parameters()
    total, code = 0.0, []
    for row in x:
        h = [1 / (1 + np.exp(-(sum(W[j] * row) + b[j]))) for j in range(3)]
        y = [sum(V[i] * h) + c[i] for i in range(4)]
        total += sum((y - row) ** 2) / 2
        code.append(h)
    expected = total / 6 + 0.3 * kl_sparsity(code, 0.2)
    assert autoencoder_gradients(x, W, b, V, c, 0.3, 0.2)[0] == pytest.approx(expected, rel=1e-12)


def test_the_network_computes_what_the_function_does():
    ae, x = make(sparse=True), inputs()
    W, b, V, c = ae.encoder.W, ae.encoder.b, ae.decoder.W, ae.decoder.b
    loss, *gradients = autoencoder_gradients(x, W, b, V, c, 0.5, 0.2)
    cost, gradient = ae.loss_and_gradient(x, x)
    assert cost == pytest.approx(loss, rel=1e-12)
    expected = np.concatenate([g.ravel() for g in gradients])
    np.testing.assert_allclose(gradient, expected, rtol=1e-9, atol=1e-15)


@pytest.mark.equation("eq-tied-gradient")
@kinds
def test_the_networks_gradient_agrees_with_central_differences(kind):
    ae, x = make(**kind), inputs()
    _, gradient = ae.loss_and_gradient(x, x)
    objective = ae.objective(x, x)
    numerical = numerical_gradient(lambda p: objective(p)[0], ae.parameters.copy())
    assert relative_error(gradient, numerical) < 1e-8


def test_tied_weights_are_one_parameter_penalised_once():
    encoder = Dense.random(4, 3, "sigmoid", rng())
    ae = Autoencoder(encoder, TiedDecoder(encoder), weight_penalty=L2(0.3))
    x = inputs()
    assert ae.parameters.size == 12 + 3 + 4
    cost, gradient = ae.loss_and_gradient(x, x)
    bare = Autoencoder(encoder, TiedDecoder(encoder))
    bare_cost, bare_gradient = bare.loss_and_gradient(x, x)
    assert cost - bare_cost == pytest.approx(0.15 * (encoder.W**2).sum(), rel=1e-10)
    np.testing.assert_allclose((gradient - bare_gradient)[:12], 0.3 * encoder.W.ravel(), atol=1e-14)


@pytest.mark.equation("eq-tied-gradient")
def test_a_tied_decoder_is_the_encoder_transposed_and_gets_both_gradients():
    tied, x = make(tied=True), inputs()
    W, b, c = tied.encoder.W, tied.encoder.b, tied.decoder.b
    untied = Autoencoder(Dense(W, b, "sigmoid"), Dense(W.T, c))
    np.testing.assert_allclose(tied.reconstruct(x), untied.reconstruct(x), rtol=1e-13)
    tied.loss_and_gradient(x, x)
    untied.loss_and_gradient(x, x)
    expected = untied.encoder.dW + untied.decoder.dW.T
    np.testing.assert_allclose(tied.encoder.dW, expected, rtol=1e-12)
    assert relative_error(tied.encoder.dW, untied.encoder.dW) > 0.01


@pytest.mark.parametrize(
    "duplicate", [copy.deepcopy, lambda ae: pickle.loads(pickle.dumps(ae))], ids=["copy", "pickle"]
)
def test_a_copy_of_a_tied_autoencoder_is_tied_and_owns_its_parameters(duplicate):
    original, x = make(tied=True, sparse=True), inputs()
    twin = duplicate(original)
    assert twin.decoder.encoder is twin.encoder is twin.layers[0]
    before = original.parameters.copy()
    np.testing.assert_array_equal(
        twin.loss_and_gradient(x, x)[1], original.loss_and_gradient(x, x)[1]
    )
    twin.parameters[:12] = 0
    np.testing.assert_allclose(twin.reconstruct(x), np.tile(twin.decoder.b, (6, 1)))
    np.testing.assert_array_equal(original.parameters, before)
    train(twin, x, x, optimizer=SGD(0.1), epochs=2, batch_size=3, rng=rng(), progress=False)
    objective = twin.objective(x, x)
    start = twin.parameters.copy()
    assert (
        relative_error(objective(start)[1], numerical_gradient(lambda p: objective(p)[0], start))
        < 1e-8
    )


@kinds
def test_float32_stays_float32(kind):
    ae, x = make(**kind, dtype=np.float32), inputs()
    _, gradient = ae.loss_and_gradient(x, x)
    arrays = [gradient, ae.parameters, ae.filters, ae.encode(x), ae.reconstruct(x)]
    assert {array.dtype for array in arrays} == {np.dtype(np.float32)}
    exact = make(**kind)
    exact.parameters[...] = ae.parameters
    assert relative_error(gradient.astype(np.float64), exact.loss_and_gradient(x, x)[1]) < 1e-5


def test_the_function_keeps_float32_and_leaves_its_arguments_alone():
    arguments = [array.astype(np.float32) for array in (inputs(), *parameters())]
    before = [array.copy() for array in arguments]
    _, *gradients = autoencoder_gradients(*arguments, 0.1, 0.2)
    assert {gradient.dtype for gradient in gradients} == {np.dtype(np.float32)}
    for array, copied in zip(arguments, before, strict=True):
        np.testing.assert_array_equal(array, copied)


def test_code_filters_and_reconstruction_are_those_of_the_layers():
    ae, x = make("sigmoid", sparse=True), inputs()
    code = 1 / (1 + np.exp(-(x @ ae.encoder.W.T + ae.encoder.b)))
    np.testing.assert_allclose(ae.encode(x), code, rtol=1e-12)
    logits = code @ ae.decoder.W.T + ae.decoder.b
    np.testing.assert_allclose(ae.reconstruct(x), 1 / (1 + np.exp(-logits)), rtol=1e-12)
    np.testing.assert_array_equal(ae.filters, ae.encoder.W)


@kinds
def test_losses_and_gradients_agree_with_pytorch(kind, golden):
    ae, x = make(**kind), inputs()

    def compute():
        import torch
        from torch.nn import functional as F

        tensor = torch.tensor(x)
        W, b, c = (
            torch.tensor(array, requires_grad=True)
            for array in (ae.encoder.W, ae.encoder.b, ae.decoder.b)
        )
        V = W.T if kind["tied"] else torch.tensor(ae.decoder.W, requires_grad=True)
        h = torch.sigmoid(F.linear(tensor, W, b))
        y = F.linear(h, V, c)
        if kind["decoder"] == "sigmoid":
            loss = F.binary_cross_entropy_with_logits(y, tensor, reduction="sum") / len(x)
        else:
            loss = F.mse_loss(y, tensor, reduction="sum") / 2 / len(x)
        if kind["sparse"]:
            on, wanted = h.mean(dim=0), torch.full((3,), 0.2, dtype=torch.float64)
            loss = loss + 0.5 * F.kl_div(on.log(), wanted, reduction="sum")
            loss = loss + 0.5 * F.kl_div((1 - on).log(), 1 - wanted, reduction="sum")
        loss.backward()
        leaves = [W, b, c] if kind["tied"] else [W, b, V, c]
        gradient = torch.cat([leaf.grad.flatten() for leaf in leaves])
        return {"loss": loss.detach().numpy(), "gradient": gradient.numpy()}

    name = "-".join([kind["decoder"], *(k for k in ("tied", "sparse") if kind[k])])
    expected = golden(f"autoencoder-{name}", compute)
    cost, gradient = ae.loss_and_gradient(x, x)
    assert cost == pytest.approx(expected["loss"].item(), rel=1e-12)
    np.testing.assert_allclose(gradient, expected["gradient"], rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("decoder", LOSSES)
def test_the_reconstruction_of_digits_gets_better(decoder, tied):
    x = load_digits().x[:500]
    ae = Autoencoder.random(64, 20, rng(), tied=tied, loss=LOSSES[decoder])
    lr = {"linear": 0.2, "sigmoid": 0.05}[decoder]
    before = ((ae.reconstruct(x) - x) ** 2).sum(axis=1).mean()
    history = train(
        ae, x, x, optimizer=SGD(lr), epochs=20, batch_size=10, rng=rng(), progress=False
    )
    after = ((ae.reconstruct(x) - x) ** 2).sum(axis=1).mean()
    assert history.loss[-1] < 0.75 * history.loss[0]
    assert after < 0.5 * before
    assert after < 0.6 * ((x - x.mean(axis=0)) ** 2).sum(axis=1).mean()


def test_the_penalty_brings_the_mean_activations_of_digits_to_alpha():
    x = load_digits().x[:500]

    def mean_activations(lam):
        ae = Autoencoder.random(64, 20, rng(), sparse=SparseCode(0.1, lam))
        train(ae, x, x, optimizer=SGD(0.2), epochs=20, batch_size=50, rng=rng(), progress=False)
        return ae.encode(x).mean(axis=0)

    np.testing.assert_allclose(mean_activations(3.0), 0.1, atol=0.05)
    assert mean_activations(0.0).mean() > 0.3


def test_denoising_sees_noise_but_is_asked_for_the_clean_inputs():
    """Trained on masked digits, it restores masked digits better than one trained on clean ones."""
    x = load_digits().x[:500]
    masked = mask_corrupt(x, 0.4, rng(9))

    def error(augment):
        ae = Autoencoder.random(64, 30, rng(), loss=BinaryCrossEntropy())
        options = {"epochs": 15, "batch_size": 10, "rng": rng(), "progress": False}
        train(ae, x, x, optimizer=SGD(0.5), augment=augment, **options)
        return ((ae.reconstruct(masked) - x) ** 2).sum(axis=1).mean()

    assert error(lambda batch, rng: mask_corrupt(batch, 0.4, rng)) < 0.75 * error(None)


@pytest.mark.equation("eq-denoising-loss", "eq-denoising-gradients")
def test_the_encoder_gets_its_gradient_from_the_noisy_inputs_and_the_error_from_the_clean_ones():
    ae, x = make(), inputs()
    noisy = mask_corrupt(x, 0.5, rng(3))
    cost, gradient = ae.loss_and_gradient(noisy, x)
    assert cost == pytest.approx(((ae.reconstruct(noisy) - x) ** 2).sum() / 12, rel=1e-12)
    H, V = ae.encode(noisy), ae.decoder.W
    delta_2 = (H @ V.T + ae.decoder.b - x) / len(x)
    delta_1 = delta_2 @ V * H * (1 - H)
    np.testing.assert_allclose(gradient[:12], (delta_1.T @ noisy).ravel(), rtol=1e-10, atol=1e-14)
    objective = ae.objective(noisy, x)
    numerical = numerical_gradient(lambda p: objective(p)[0], ae.parameters.copy())
    assert relative_error(gradient, numerical) < 1e-8


def test_tying_to_another_encoder_is_refused():
    encoder, other = (Dense.random(4, 3, "sigmoid", rng()) for _ in range(2))
    with pytest.raises(ValueError, match=r"decoder: expected to be tied to the encoder"):
        Autoencoder(encoder, TiedDecoder(other))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: Autoencoder(
                Dense.random(4, 3, "sigmoid", rng()), Dense(np.ones((5, 3)), [0] * 5)
            ),
            ValueError,
            r"decoder: expected outputs \(4,\), got \(5,\)",
        ),
        (
            lambda: Autoencoder(
                Dense.random(4, 3, "sigmoid", rng()), Dense(np.ones((4, 2)), [0] * 4)
            ),
            ValueError,
            r"layers: layer 1 of 2, Dense: expected inputs of shape \(2,\), got \(3,\)",
        ),
        (
            lambda: Autoencoder(
                Dense.random(4, 3, "tanh", rng()),
                Dense.random(3, 4, "identity", rng()),
                sparse=SparseCode(0.2, 0.1),
            ),
            ValueError,
            r"encoder: expected sigmoid units for a sparse code, got tanh",
        ),
        (lambda: Autoencoder.random(0, 3, rng()), ValueError, r"n_in: expected at least 1, got 0"),
        (lambda: Autoencoder.random(4, 2.5, rng()), TypeError, r"n_hidden: expected an integer"),
        (lambda: Autoencoder.random(4, 3, 1), TypeError, r"rng: expected a numpy.random.Generator"),
        (lambda: make().encode(np.ones((2, 5))), ValueError, r"x: expected shape \(N, 4\)"),
        (
            lambda: make("sigmoid").loss_and_gradient(inputs(), 2 * inputs()),
            ValueError,
            r"targets: expected numbers in \[0, 1\]",
        ),
    ],
)
def test_bad_input_of_the_class_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({0: np.ones((6, 5))}, ValueError, r"x: expected shape \(N, 4\), got \(6, 5\)"),
        ({0: np.ones((0, 4))}, ValueError, r"x: expected shape .*\(empty\)"),
        ({1: np.ones(4)}, ValueError, r"W: expected shape \(n_hidden, n_in\), got \(4,\)"),
        ({2: np.ones(4)}, ValueError, r"b: expected shape \(3,\), got \(4,\)"),
        ({3: np.ones((3, 4))}, ValueError, r"V: expected shape \(4, 3\), got \(3, 4\)"),
        ({4: np.ones(3)}, ValueError, r"c: expected shape \(4,\), got \(3,\)"),
        ({4: [np.nan] * 4}, ValueError, r"c: expected finite numbers"),
        ({5: -0.1}, ValueError, r"lam: expected a number in \[0, inf\), got -0.1"),
        ({6: 1.2}, ValueError, r"alpha: expected a number in \(0, 1\), got 1.2"),
        ({6: "a"}, TypeError, r"alpha: expected a number, got str"),
    ],
)
def test_bad_input_of_the_function_is_refused(changed, error, message):
    arguments = [inputs(), *parameters(), 0.1, 0.2]
    for position, value in changed.items():
        arguments[position] = value
    with pytest.raises(error, match=message):
        autoencoder_gradients(*arguments)
