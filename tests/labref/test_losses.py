"""Losses: values, gradients, extremes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import special

from labref.activations import softmax
from labref.gradcheck import numerical_gradient, relative_error
from labref.losses import (
    BinaryCrossEntropy,
    SigmoidCrossEntropy,
    SoftmaxCrossEntropy,
    SquaredError,
    cross_entropy,
    softmax_cross_entropy_grad,
)

N, K = 6, 4
LOSSES = [SoftmaxCrossEntropy(), SigmoidCrossEntropy(), BinaryCrossEntropy(), SquaredError()]


def example(loss, dtype=np.float64, scale=1.0):
    """Return outputs and targets that fit the loss, from a fixed seed."""
    rng = np.random.default_rng(7)
    if isinstance(loss, SigmoidCrossEntropy):
        outputs, targets = rng.standard_normal((N, 1)), rng.integers(0, 2, N)
    elif isinstance(loss, SoftmaxCrossEntropy):
        outputs, targets = rng.standard_normal((N, K)), rng.integers(0, K, N)
    elif isinstance(loss, BinaryCrossEntropy):
        outputs, targets = rng.standard_normal((N, K)), rng.random((N, K))
    else:
        outputs, targets = rng.standard_normal((2, N, K))
    return (scale * outputs).astype(dtype), targets


@pytest.fixture(params=LOSSES, ids=lambda loss: type(loss).__name__)
def loss(request):
    return request.param


@pytest.mark.equation("eq-cross-entropy")
def test_cross_entropy_is_the_mean_negative_log_of_the_true_classes():
    p = np.array([[0.5, 0.25, 0.25], [0.1, 0.2, 0.7]])
    assert cross_entropy(p, [0, 2]) == pytest.approx(-(np.log(0.5) + np.log(0.7)) / 2)
    assert cross_entropy([[1.0, 0.0]], [0]) == 0
    assert cross_entropy([[1.0, 0.0]], [1]) == np.inf


@pytest.mark.equation("eq-softmax-delta")
def test_softmax_cross_entropy_grad_agrees_with_central_differences():
    logits, labels = example(SoftmaxCrossEntropy())
    grad = softmax_cross_entropy_grad(softmax(logits), labels)
    numerical = numerical_gradient(lambda a: cross_entropy(softmax(a), labels), logits)
    assert relative_error(grad, numerical) < 1e-9
    np.testing.assert_allclose(grad.sum(axis=1), 0, atol=1e-16)
    np.testing.assert_allclose(grad, (softmax(logits) - np.eye(K)[labels]) / N, atol=1e-16)


@pytest.mark.equation("eq-logistic", "eq-log-loss")
def test_sigmoid_cross_entropy_is_the_log_loss_of_the_logistic_model():
    loss = SigmoidCrossEntropy()
    logits, labels = example(loss)
    p = special.expit(logits)
    np.testing.assert_allclose(loss.predict(logits), p, rtol=1e-12)
    expected = -np.mean(labels * np.log(p[:, 0]) + (1 - labels) * np.log(1 - p[:, 0]))
    assert loss.value(logits, loss.check(logits, labels)) == pytest.approx(expected)


@pytest.mark.equation("eq-logistic-grad")
def test_gradient_of_logistic_regression_is_the_mean_of_error_times_input():
    rng = np.random.default_rng(0)
    x, w, labels = rng.standard_normal((N, 3)), rng.standard_normal(3), rng.integers(0, 2, N)
    loss = SigmoidCrossEntropy()
    targets = loss.check(np.zeros((N, 1)), labels)

    grad_w = (x.T @ loss.grad((x @ w)[:, None], targets))[:, 0]
    np.testing.assert_allclose(grad_w, ((special.expit(x @ w) - labels)[:, None] * x).mean(axis=0))
    numerical = numerical_gradient(lambda w: loss.value((x @ w)[:, None], targets), w)
    assert relative_error(grad_w, numerical) < 1e-9


@pytest.mark.equation("eq-binary-cross-entropy")
def test_binary_cross_entropy_adds_the_log_losses_of_the_columns():
    loss = BinaryCrossEntropy()
    logits, targets = example(loss)
    p = special.expit(logits)
    expected = -(targets * np.log(p) + (1 - targets) * np.log(1 - p)).sum() / N
    assert loss.value(logits, loss.check(logits, targets)) == pytest.approx(expected, rel=1e-12)
    np.testing.assert_allclose(loss.predict(logits), p, rtol=1e-12)


@pytest.mark.equation("eq-binary-cross-entropy-grad")
def test_the_gradient_of_binary_cross_entropy_is_prediction_minus_target():
    loss = BinaryCrossEntropy()
    logits, targets = example(loss)
    grad = loss.grad(logits, targets)
    np.testing.assert_allclose(grad, (special.expit(logits) - targets) / N, rtol=1e-12, atol=1e-16)
    numerical = numerical_gradient(lambda a: loss.value(a, targets), logits)
    assert relative_error(grad, numerical) < 1e-8


def test_binary_cross_entropy_of_one_column_is_sigmoid_cross_entropy():
    logits, labels = example(SigmoidCrossEntropy())
    ours, theirs = BinaryCrossEntropy(), SigmoidCrossEntropy()
    targets = ours.check(logits, labels[:, None])
    np.testing.assert_array_equal(targets, theirs.check(logits, labels))
    assert ours.value(logits, targets) == pytest.approx(theirs.value(logits, targets), rel=1e-14)


def test_binary_cross_entropy_is_smallest_where_the_prediction_is_the_target():
    loss, targets = BinaryCrossEntropy(), np.array([[0.2, 0.5, 0.9]])
    best = special.logit(targets)
    np.testing.assert_allclose(loss.grad(best, targets), 0, atol=1e-16)
    entropy = special.entr(targets).sum() + special.entr(1 - targets).sum()
    assert loss.value(best, targets) == pytest.approx(entropy)


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        ([[0.5, 1.1]], r"targets: expected numbers in \[0, 1\], got 0.5..1.1"),
        ([[-0.1, 1.0]], r"targets: expected numbers in \[0, 1\], got -0.1..1"),
        ([[0.5]], r"targets: expected shape \(1, 2\), got \(1, 1\)"),
    ],
)
def test_binary_cross_entropy_refuses_targets_that_are_no_probabilities(targets, message):
    with pytest.raises(ValueError, match=message):
        BinaryCrossEntropy().check(np.zeros((1, 2)), targets)


@pytest.mark.equation("eq-squared-error")
def test_squared_error_is_the_mean_of_half_the_squared_distance():
    loss = SquaredError()
    outputs, targets = np.array([[1.0, 2.0], [0.0, 0.0]]), np.array([[0.0, 0.0], [3.0, 4.0]])
    assert loss.value(outputs, targets) == (5 / 2 + 25 / 2) / 2
    np.testing.assert_array_equal(loss.grad(outputs, targets), (outputs - targets) / 2)
    assert loss.predict(outputs) is outputs


def test_gradients_agree_with_central_differences(loss):
    outputs, targets = example(loss)
    targets = loss.check(outputs, targets)
    numerical = numerical_gradient(lambda a: loss.value(a, targets), outputs)
    assert relative_error(loss.grad(outputs, targets), numerical) < 1e-9


def test_value_and_grad_returns_both(loss):
    outputs, targets = example(loss)
    targets = loss.check(outputs, targets)
    value, grad = loss.value_and_grad(outputs, targets)
    assert value == loss.value(outputs, targets)
    np.testing.assert_array_equal(grad, loss.grad(outputs, targets))


def test_arguments_are_not_changed(loss):
    outputs, targets = example(loss)
    before = outputs.copy(), targets.copy()
    checked = loss.check(outputs, targets)
    checked_before = checked.copy()
    loss.value_and_grad(outputs, checked)
    loss.predict(outputs)
    np.testing.assert_array_equal(outputs, before[0])
    np.testing.assert_array_equal(targets, before[1])
    np.testing.assert_array_equal(checked, checked_before)


def test_float32_stays_float32(loss):
    outputs, targets = example(loss, np.float32)
    checked = loss.check(outputs, targets)
    assert checked.dtype == (np.intp if isinstance(loss, SoftmaxCrossEntropy) else np.float32)
    assert loss.grad(outputs, checked).dtype == np.float32
    assert loss.predict(outputs).dtype == np.float32
    double = outputs.astype(np.float64)
    exact = loss.value(double, loss.check(double, targets))
    assert loss.value(outputs, checked) == pytest.approx(exact, rel=1e-6)


@pytest.mark.parametrize("order", ["C", "F"])
def test_the_order_in_memory_does_not_matter(loss, order):
    outputs, targets = example(loss)
    targets = loss.check(outputs, targets)
    ordered = np.asarray(outputs, order=order)
    assert loss.value(ordered, targets) == pytest.approx(loss.value(outputs, targets), rel=1e-14)
    np.testing.assert_allclose(
        loss.grad(ordered, targets), loss.grad(outputs, targets), rtol=1e-14, atol=1e-16
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_losses_of_logits_stay_exact_where_probabilities_round_to_zero_or_one(dtype):
    softmax_loss, sigmoid_loss = SoftmaxCrossEntropy(), SigmoidCrossEntropy()
    logits = np.array([[1000.0, 0.0]], dtype)
    for label, value, grad in ((0, 0.0, [[0.0, 0.0]]), (1, 1000.0, [[1.0, -1.0]])):
        targets = softmax_loss.check(logits, [label])
        assert softmax_loss.value(logits, targets) == value
        np.testing.assert_array_equal(softmax_loss.grad(logits, targets), grad)
        column = logits[:, :1]
        targets = sigmoid_loss.check(column, [1 - label])
        assert sigmoid_loss.value(column, targets) == value
        assert BinaryCrossEntropy().value(column, targets) == value


@given(
    logits=arrays(np.float64, (3, 4), elements=st.floats(-1e4, 1e4)),
    labels=arrays(np.int64, 3, elements=st.integers(0, 3)),
)
def test_softmax_cross_entropy_agrees_with_scipys_log_softmax(logits, labels):
    loss = SoftmaxCrossEntropy()
    value = loss.value(logits, loss.check(logits, labels))
    log_p = special.log_softmax(logits, axis=1)
    assert value == pytest.approx(-log_p[np.arange(3), labels].mean(), rel=1e-10, abs=1e-12)


@pytest.mark.pitfall("P8")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rows_of_very_different_logits_share_a_batch(dtype):
    """One maximum for all rows, or none below 0, would make rows of zeros: 0 / 0."""
    loss = SoftmaxCrossEntropy()
    logits = np.array([[1000, 999], [-1000, -1001], [0, -1]], dtype)
    targets = loss.check(logits, [0, 0, 0])
    np.testing.assert_allclose(loss.predict(logits)[:, 0], special.expit(1.0), rtol=1e-6)
    np.testing.assert_allclose(3 * loss.grad(logits, targets)[:, 1], special.expit(-1.0), rtol=1e-6)
    assert loss.value(logits, targets) == pytest.approx(np.log1p(np.exp(-1)), rel=1e-6)


@pytest.mark.pitfall("P9")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("margin", [20, 100, 1000])
def test_no_loss_saturates(margin, dtype):
    """log(p + eps) stops at 36 in float64, at 16 in float32; so does p clipped to 1 - eps."""
    softmax_loss, sigmoid_loss = SoftmaxCrossEntropy(), SigmoidCrossEntropy()
    logits = np.array([[margin, 0]], dtype)
    assert softmax_loss.value(logits, softmax_loss.check(logits, [1])) == pytest.approx(margin)
    column = logits[:, :1]
    assert sigmoid_loss.value(column, sigmoid_loss.check(column, [0])) == pytest.approx(margin)
    right = sigmoid_loss.value(column, sigmoid_loss.check(column, [1]))
    assert right == pytest.approx(np.exp(-margin), abs=margin * float(np.finfo(dtype).eps))


@pytest.mark.pitfall("P9")
def test_cross_entropy_of_probabilities_is_neither_clipped_nor_shifted():
    assert cross_entropy([[1e-300, 1.0]], [0]) == pytest.approx(300 * np.log(10))
    assert cross_entropy([[1e-300, 1.0]], [1]) == 0
    assert cross_entropy(np.array([[1e-30, 1]], np.float32), [0]) == pytest.approx(30 * np.log(10))


def test_loss_does_not_depend_on_how_often_the_batch_is_repeated(loss):
    outputs, targets = example(loss)
    once = loss.value(outputs, loss.check(outputs, targets))
    outputs, targets = np.concatenate([outputs] * 3), np.concatenate([targets] * 3)
    assert loss.value(outputs, loss.check(outputs, targets)) == pytest.approx(once, rel=1e-12)


@pytest.mark.torch
@pytest.mark.parametrize("scale", [1, 100])
def test_losses_agree_with_pytorch(loss, scale):
    import torch
    from torch.nn import functional as F

    outputs, targets = example(loss, scale=scale)
    tensor, target = torch.tensor(outputs, requires_grad=True), torch.tensor(targets)
    value = {
        "SoftmaxCrossEntropy": lambda: F.cross_entropy(tensor, target),
        "SigmoidCrossEntropy": lambda: F.binary_cross_entropy_with_logits(
            tensor[:, 0], target.double()
        ),
        "BinaryCrossEntropy": lambda: (
            F.binary_cross_entropy_with_logits(tensor, target, reduction="sum") / N
        ),
        "SquaredError": lambda: 0.5 * F.mse_loss(tensor, target, reduction="sum") / N,
    }[type(loss).__name__]()
    value.backward()
    ours, grad = loss.value_and_grad(outputs, loss.check(outputs, targets))
    assert ours == pytest.approx(value.item(), rel=1e-12)
    np.testing.assert_allclose(grad, tensor.grad, rtol=1e-9, atol=1e-16)
