"""Losses: what training makes small, and its gradient at the network's output.

A loss is a mean over the rows of a batch. The softmax and the sigmoid are part of their loss
(``SoftmaxCrossEntropy``, ``SigmoidCrossEntropy`` take logits): together they neither overflow nor
lose digits, and their gradient is simply prediction minus target.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from labref import _arguments
from labref._arguments import Array
from labref.activations import _sigmoid


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


class Loss(Protocol):
    """What a network needs of a loss."""

    def check(self, outputs: Array, targets: npt.ArrayLike) -> Array:
        """Return the targets as this loss uses them, or raise if they do not fit ``outputs``."""

    def value_and_grad(self, outputs: Array, targets: Array) -> tuple[float, Array]:
        """Return the mean loss and its gradient at ``outputs``; may overwrite ``outputs``."""

    def predict(self, outputs: Array) -> Array:
        """Turn outputs into predictions: probabilities, or the outputs themselves."""


class SoftmaxCrossEntropy:
    """Softmax and cross-entropy over K classes, from logits (N, K) and labels (N,).

    Notes
    -----
    Equations: eq-softmax, eq-cross-entropy, eq-softmax-delta.
    """

    def check(self, outputs: Array, targets: npt.ArrayLike) -> Array:
        """Return ``targets`` as labels in 0 .. K - 1 (TypeError, ValueError if they are not)."""
        return _arguments.labels("labels", targets, *outputs.shape)

    def value_and_grad(self, outputs: Array, targets: Array) -> tuple[float, Array]:
        """Return the mean loss and its gradient (N, K), written over ``outputs``."""
        n, k = outputs.shape
        true = np.arange(0, n * k, k) + targets  # where the true classes are in the flat array
        outputs -= np.maximum.reduce(outputs, axis=1, keepdims=True)
        true_logits = outputs.take(true)
        p = np.exp(outputs, out=outputs)
        total = np.add.reduce(p, axis=1, keepdims=True)
        loss = np.add.reduce(np.log(total[:, 0]) - true_logits) / n
        total *= n
        p /= total
        p.put(true, p.take(true) - 1 / n)
        return float(loss), p

    def predict(self, outputs: Array) -> Array:
        """Return class probabilities (N, K)."""
        e = np.exp(outputs - outputs.max(axis=1, keepdims=True))
        return np.asarray(e / e.sum(axis=1, keepdims=True))


class SigmoidCrossEntropy:
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

    def value_and_grad(self, outputs: Array, targets: Array) -> tuple[float, Array]:
        """Return the mean loss and its gradient (N, 1)."""
        loss = np.logaddexp(0, outputs) - targets * outputs
        return float(loss.mean()), (_sigmoid(outputs) - targets) / len(outputs)

    def predict(self, outputs: Array) -> Array:
        """Return the probability of class 1, shape (N, 1)."""
        return _sigmoid(outputs)


class SquaredError:
    """Half the squared distance to the target, from outputs and targets of shape (N, D).

    Notes
    -----
    Equation: eq-squared-error.
    """

    def check(self, outputs: Array, targets: npt.ArrayLike) -> Array:
        """Return ``targets`` as an array of the shape and dtype of ``outputs``."""
        return _arguments.floats("targets", targets, shape=outputs.shape).astype(outputs.dtype)

    def value_and_grad(self, outputs: Array, targets: Array) -> tuple[float, Array]:
        """Return the mean loss and its gradient (N, D)."""
        error = outputs - targets
        return float(0.5 * (error * error).sum() / len(error)), error / len(error)

    def predict(self, outputs: Array) -> Array:
        """Return the outputs themselves."""
        return outputs
