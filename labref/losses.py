"""Losses: what training makes small, and its gradient at the network's output.

A loss is a mean over the rows of a batch. The softmax and the sigmoid are part of their loss
(``SoftmaxCrossEntropy``, ``SigmoidCrossEntropy`` and ``BinaryCrossEntropy`` take logits): together
they neither overflow nor lose digits, and their gradient is simply prediction minus target.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from labref import _arguments
from labref._arguments import Array
from labref._arrays import ones, row_starts
from labref.activations.sigmoids import _sigmoid


def cross_entropy(p: npt.ArrayLike, labels: npt.ArrayLike) -> float:
    """Mean negative log-probability of the true classes.

    Parameters
    ----------
    p
        Predicted probabilities, shape (N, K).
    labels
        True classes, integers of shape (N,).

    Returns
    -------
    float
        The mean over rows of -log p[n, labels[n]], in nats; infinite where a true class was
        given probability 0.

    Raises
    ------
    TypeError, ValueError
        If ``p`` is not a finite matrix of probabilities or a label is out of range.

    Notes
    -----
    Equation: eq-cross-entropy.
    """
    p = _arguments.floats("p", p, shape=("N", "K"))
    if p.min() < 0 or p.max() > 1 + 1e-6:
        raise ValueError(f"p: expected probabilities, got values in {p.min():.3g}..{p.max():.3g}")
    labels = _arguments.labels("labels", labels, *p.shape)
    with np.errstate(divide="ignore"):
        return float(-np.log(p[np.arange(len(p)), labels]).mean())


def softmax_cross_entropy_grad(p: npt.ArrayLike, labels: npt.ArrayLike) -> Array:
    """Gradient of the mean cross-entropy at the logits: (p - one-hot label) / N.

    Parameters
    ----------
    p
        The softmax of the logits, shape (N, K).
    labels
        True classes, integers of shape (N,).

    Returns
    -------
    Array
        Shape (N, K); every row adds to 0.

    Raises
    ------
    TypeError, ValueError
        If ``p`` is not a finite matrix or a label is out of range.

    Notes
    -----
    Equation: eq-softmax-delta.
    """
    p = _arguments.floats("p", p, shape=("N", "K"))
    labels = _arguments.labels("labels", labels, *p.shape)
    delta = p.copy()
    delta[np.arange(len(p)), labels] -= 1
    return delta / len(p)


Targets = npt.NDArray[Any]  # labels or values, one row per row of the outputs


class Loss(Protocol):
    """What a network needs of a loss."""

    def check(self, outputs: Array, targets: npt.ArrayLike) -> Targets:
        """Return the targets as this loss uses them, or raise if they do not fit ``outputs``."""

    def value(self, outputs: Array, targets: Targets) -> float:
        """Return the mean loss."""

    def grad(self, outputs: Array, targets: Targets) -> Array:
        """Return the gradient of the mean loss at ``outputs``, of the same shape."""

    def value_and_grad(self, outputs: Array, targets: Targets) -> tuple[float, Array]:
        """Return both."""
        return self.value(outputs, targets), self.grad(outputs, targets)

    def predict(self, outputs: Array) -> Array:
        """Turn outputs into predictions: probabilities, or the outputs themselves."""


class SoftmaxCrossEntropy(Loss):
    """Softmax and cross-entropy over K classes, from logits (N, K) and labels (N,).

    Notes
    -----
    Equations: eq-softmax, eq-cross-entropy, eq-softmax-delta.
    """

    def check(self, outputs: Array, targets: npt.ArrayLike) -> Targets:
        """Return ``targets``, labels in 0 .. K - 1, as integers."""
        return _arguments.labels("labels", targets, *outputs.shape)

    def value(self, outputs: Array, targets: Targets) -> float:
        """Return the mean of log(sum of exp(logits)) - logit of the true class."""
        logits = _shift(outputs)
        true_logits = logits[np.arange(len(logits)), targets]
        return _mean_loss(_exp_sums(logits), true_logits)

    def grad(self, outputs: Array, targets: Targets) -> Array:
        """Return (softmax - one-hot label) / N, shape (N, K)."""
        e = _shift(outputs)
        return _softmax_delta(e, _exp_sums(e), targets)

    def value_and_grad(self, outputs: Array, targets: Targets) -> tuple[float, Array]:
        """Return both, with a single pass of exponentials."""
        e = _shift(outputs)
        true_logits = e[np.arange(len(e)), targets]
        sums = _exp_sums(e)
        return _mean_loss(sums, true_logits), _softmax_delta(e, sums, targets)

    def predict(self, outputs: Array) -> Array:
        """Return class probabilities (N, K): the softmax of the logits."""
        p = _shift(outputs)
        p /= _exp_sums(p)[:, None]
        return p


def _shift(outputs: Array) -> Array:
    """Return logits minus each row's largest: the same softmax, but exp cannot overflow."""
    largest = np.maximum.reduce(outputs, axis=1)[:, None]
    shifted: Array = np.subtract(outputs, largest, order="C")
    return shifted


def _exp_sums(logits: Array) -> Array:
    """Replace logits by their exponentials; return these's sums over the rows."""
    np.exp(logits, out=logits)
    sums: Array = np.dot(logits, ones(logits.shape[1], logits.dtype))
    return sums


def _mean_loss(sums: Array, true_logits: Array) -> float:
    return float(np.mean(np.log(sums) - true_logits))


def _softmax_delta(e: Array, sums: Array, labels: Targets) -> Array:
    """Turn exponentials with these sums into (softmax - one-hot label) / N."""
    n, k = e.shape
    e /= (n * sums)[:, None]
    e.reshape(-1)[row_starts(n, k) + labels] -= 1 / n
    return e


class SigmoidCrossEntropy(Loss):
    """Sigmoid and cross-entropy for two classes, from logits (N, 1) and labels 0 or 1 of (N,).

    Notes
    -----
    Equations: eq-logistic, eq-log-loss, eq-logistic-grad.
    """

    def check(self, outputs: Array, targets: npt.ArrayLike) -> Array:
        """Return ``targets`` as a column of zeros and ones, typed like ``outputs``."""
        _arguments.check_shape("outputs", outputs, ("N", 1))
        labels = _arguments.labels("labels", targets, len(outputs), 2)
        return labels[:, None].astype(outputs.dtype)

    def value(self, outputs: Array, targets: Array) -> float:
        """Return the mean of log(1 + exp(logit)) - label * logit."""
        return float(np.mean(np.logaddexp(0, outputs) - targets * outputs))

    def grad(self, outputs: Array, targets: Array) -> Array:
        """Return (sigmoid - label) / N, shape (N, 1)."""
        return (_sigmoid(outputs) - targets) / len(outputs)

    def predict(self, outputs: Array) -> Array:
        """Return the probability of class 1, shape (N, 1)."""
        return _sigmoid(outputs)


class BinaryCrossEntropy(Loss):
    """Sigmoid and cross-entropy for values in [0, 1], from logits and targets of shape (N, D).

    For each of the D outputs by itself, so that several of them may be 1: the loss of an
    autoencoder with sigmoid outputs, for instance.

    Notes
    -----
    Equations: eq-binary-cross-entropy, eq-binary-cross-entropy-grad.
    A row's loss is the sum over its columns of log(1 + exp(a)) - t a, at logit a and target t.
    It is smallest where the sigmoid of a is t, and what is left there is the entropy of t.
    """

    def check(self, outputs: Array, targets: npt.ArrayLike) -> Array:
        """Return ``targets``, numbers in [0, 1], with the shape and dtype of ``outputs``."""
        values = _arguments.floats("targets", targets, shape=outputs.shape)
        if values.min() < 0 or values.max() > 1:
            raise ValueError(
                f"targets: expected numbers in [0, 1], got {values.min():.3g}..{values.max():.3g}"
            )
        return values.astype(outputs.dtype)

    def value(self, outputs: Array, targets: Array) -> float:
        """Return the mean over rows of the sum of log(1 + exp(logit)) - target * logit."""
        return float(np.sum(np.logaddexp(0, outputs) - targets * outputs) / len(outputs))

    def grad(self, outputs: Array, targets: Array) -> Array:
        """Return (sigmoid - target) / N, shape (N, D)."""
        return (_sigmoid(outputs) - targets) / len(outputs)

    def predict(self, outputs: Array) -> Array:
        """Return the sigmoid of the logits, shape (N, D)."""
        return _sigmoid(outputs)


class SquaredError(Loss):
    """Half the squared distance to the target, from outputs and targets of shape (N, D).

    Notes
    -----
    Equation: eq-squared-error.
    """

    def check(self, outputs: Array, targets: npt.ArrayLike) -> Array:
        """Return ``targets`` as an array of the shape and dtype of ``outputs``."""
        return _arguments.floats("targets", targets, shape=outputs.shape).astype(outputs.dtype)

    def value(self, outputs: Array, targets: Array) -> float:
        """Return the mean over rows of half the squared distance."""
        error = outputs - targets
        return float(0.5 * np.vdot(error, error) / len(error))

    def grad(self, outputs: Array, targets: Array) -> Array:
        """Return (output - target) / N, shape (N, D)."""
        return (outputs - targets) / len(outputs)

    def predict(self, outputs: Array) -> Array:
        """Return the outputs themselves."""
        return outputs
