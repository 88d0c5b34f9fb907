"""Greedy layer-wise pretraining: one layer after the other, then all of them together."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from labref import _arguments
from labref._arguments import Array
from labref.activations.sigmoids import _sigmoid
from labref.layers import Dense
from labref.losses import SoftmaxCrossEntropy
from labref.network import Network

LayerTrainer = Callable[[Array, int], tuple[Array, Array]]
Stack = list[tuple[Array, Array]]


def greedy_pretrain(x: npt.ArrayLike, sizes: Sequence[int], train_layer: LayerTrainer) -> Stack:
    """Train a stack of sigmoid layers, each on the outputs of the one below, which stays fixed.

    Parameters
    ----------
    x
        Inputs, shape (N, n_in).
    sizes
        Units of each layer, first to last, without the inputs.
    train_layer
        Called as ``train_layer(h, n_hidden)`` with the layer's inputs (N, n_below); returns its
        weights (n_hidden, n_below) and biases (n_hidden,). ``labref.pretraining.layer_trainers``
        makes such functions.

    Returns
    -------
    list of (W, b)
        One pair per layer.

    Raises
    ------
    TypeError, ValueError
        If an argument, or what ``train_layer`` returns, does not fit.

    Notes
    -----
    Equation: eq-greedy.
    The first layer gets x, the next ones sigmoid(h W^T + b). Deck A leaves out b.
    Source: Hinton, Osindero and Teh (2006); Bengio, Lamblin, Popovici and Larochelle (2007).
    """
    h = _arguments.floats("x", x, shape=("N", "n_in"))
    sizes = [_arguments.count("sizes", size) for size in sizes]
    if not sizes:
        raise ValueError("sizes: expected one layer at least, got none")
    stack: Stack = []
    for n_hidden in sizes:
        W, b = train_layer(h, n_hidden)
        W = _arguments.floats("train_layer's W", W, shape=(n_hidden, h.shape[1]))
        b = _arguments.floats("train_layer's b", b, shape=(n_hidden,))
        stack.append((W, b))
        h = _sigmoid(h @ W.T + b)
    return stack


def stack_features(x: npt.ArrayLike, stack: Stack) -> Array:
    """Return the outputs (N, n_top) of a stack's last layer for inputs ``x`` (N, n_in).

    Parameters
    ----------
    x
        Inputs, shape (N, n_in).
    stack
        Weights and biases of the layers, as ``greedy_pretrain`` returns them.

    Raises
    ------
    TypeError, ValueError
        If an array is not finite real numbers that fit those before it.
    """
    h = _arguments.floats("x", x, shape=("N", "n_in"))
    for W, b in _check_stack(stack, h.shape[1]):
        h = _sigmoid(h @ W.T + b)
    return h


def stack_network(stack: Stack, n_classes: int, rng: np.random.Generator) -> Network:
    """Return a classifier for fine-tuning: copies of the stack's layers, and a new softmax layer.

    Parameters
    ----------
    stack
        Weights and biases of the sigmoid layers, as ``greedy_pretrain`` returns them.
    n_classes
        Outputs.
    rng
        Source of the softmax layer's weights.

    Returns
    -------
    Network
        All its layers are trained by ``labref.training.train``.

    Raises
    ------
    TypeError, ValueError
        If the stack's arrays do not fit each other, or the other arguments are wrong.
    """
    layers = [Dense(W, b, "sigmoid") for W, b in _check_stack(stack)]
    n_top, dtype = layers[-1].n_out, layers[-1].W.dtype
    n_classes = _arguments.count("n_classes", n_classes)
    softmax = Dense.random(n_top, n_classes, "identity", rng, dtype)
    return Network([*layers, softmax], SoftmaxCrossEntropy())


def _check_stack(stack: Stack, n_in: int | None = None) -> Stack:
    if not stack:
        raise ValueError("stack: expected one layer at least, got none")
    checked: Stack = []
    below: int | str = "n_in" if n_in is None else n_in
    for i, (W, b) in enumerate(stack):
        W = _arguments.floats(f"stack: W of layer {i}", W, shape=("n_out", below))
        b = _arguments.floats(f"stack: b of layer {i}", b, shape=(len(W),))
        checked.append((W, b))
        below = len(W)
    return checked
