"""A recurrent layer with zoneout: as two plain functions, and as a layer that ends in one row."""

from __future__ import annotations

from typing import ClassVar, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from labref import _arguments
from labref._arguments import Array
from labref.layers.layer import Layer


class Cache(NamedTuple):
    """What backprop through time needs of the forward pass; time comes first.

    Attributes
    ----------
    x
        Inputs, shape (T, N, D).
    W_x, W_h
        The weights, shapes (H, D) and (H, H).
    old
        Share of the old state in each new one, shape (T, N, H).
    candidates
        The states that there would be without zoneout, shape (T, N, H).
    states
        The states with the first one, zero, in front, shape (T + 1, N, H).
    """

    x: Array
    W_x: Array
    W_h: Array
    old: Array
    candidates: Array
    states: Array


def rnn_forward(
    x: npt.ArrayLike,
    W_x: npt.ArrayLike,
    W_h: npt.ArrayLike,
    b: npt.ArrayLike,
    old: npt.ArrayLike = 0.0,
) -> tuple[Array, Cache]:
    """States of a recurrent layer, h_t = tanh(W_x x_t + W_h h_(t-1) + b), starting from zero.

    Parameters
    ----------
    x
        Sequences of inputs, shape (N, T, D).
    W_x, W_h, b
        Weights of the inputs (H, D), of the last state (H, H), and biases (H,).
    old
        Zoneout: share of the old state in the new one, between 0 and 1. A mask (N, T, H), 1 where a
        unit keeps its state; or at test time one number, the probability of a 1.

    Returns
    -------
    h, cache
        States of all steps, shape (N, T, H): h_t = old h_(t-1) + (1 - old) tanh(...). And what
        ``rnn_backward`` needs.

    Raises
    ------
    TypeError, ValueError
        If an argument is not finite real numbers of that shape, or ``old`` not between 0 and 1.

    Notes
    -----
    Equations: eq-rnn, eq-zoneout.
    Source: Elman (1990); zoneout: Krueger et al. (2017).
    """
    W_x = _arguments.floats("W_x", W_x, shape=("H", "D"))
    W_h = _arguments.floats("W_h", W_h, shape=(W_x.shape[0], W_x.shape[0]))
    b = _arguments.floats("b", b, shape=(W_x.shape[0],))
    x = _arguments.floats("x", x, shape=("N", "T", W_x.shape[1]))
    old = _arguments.floats("old", old)
    if old.min() < 0 or old.max() > 1:
        raise ValueError(f"old: expected shares in 0..1, got {old.min():.3g}..{old.max():.3g}")
    if old.ndim:
        _arguments.check_shape("old", old, (*x.shape[:2], len(b)))
        old = old.swapaxes(0, 1)
    cache = _forward(x, W_x, W_h, b, old.astype(x.dtype))
    return cache.states[1:].swapaxes(0, 1), cache


def rnn_backward(grad_h: npt.ArrayLike, cache: Cache) -> tuple[Array, Array, Array, Array]:
    """Backprop through time: gradients of a recurrent layer.

    Parameters
    ----------
    grad_h
        Gradient of the loss at the states of all steps, shape (N, T, H); what reaches a state
        through later ones is not in it.
    cache
        From ``rnn_forward``.

    Returns
    -------
    dx, dW_x, dW_h, db
        Gradients at the inputs (N, T, D) and at the parameters. A parameter serves in every step,
        and its gradient is the sum over steps.

    Raises
    ------
    TypeError, ValueError
        If ``grad_h`` is not finite real numbers of that shape.

    Notes
    -----
    Equations: eq-rnn-backward, eq-rnn-gradients.
    Source: Werbos (1990).
    """
    steps, n, n_hidden = cache.candidates.shape
    grad_h = _arguments.floats("grad_h", grad_h, shape=(n, steps, n_hidden))
    dx, dW_x, dW_h, db = _backward(grad_h.swapaxes(0, 1), cache)
    return dx.swapaxes(0, 1), dW_x, dW_h, db


def _forward(x: Array, W_x: Array, W_h: Array, b: Array, old: Array) -> Cache:
    """Run the layer over ``x`` (N, T, D), with ``old`` (T, N, H) or a number."""
    x = x.swapaxes(0, 1)
    a = x @ W_x.T + b
    old = np.broadcast_to(old, a.shape)
    candidates = np.empty_like(a)
    states = np.zeros((len(x) + 1, *a.shape[1:]), a.dtype)
    for t in range(len(x)):
        candidates[t] = np.tanh(a[t] + states[t] @ W_h.T)
        states[t + 1] = old[t] * states[t] + (1 - old[t]) * candidates[t]
    return Cache(x, W_x, W_h, old, candidates, states)


def _backward(grad_h: Array, cache: Cache) -> tuple[Array, Array, Array, Array]:
    """Return dx (T, N, D), dW_x, dW_h and db, given ``grad_h`` (T, N, H)."""
    x, W_x, W_h, old, candidates, states = cache
    da = np.empty_like(candidates)
    dh = np.zeros_like(states[0])
    for t in reversed(range(len(x))):
        dh += grad_h[t]
        da[t] = dh * (1 - old[t]) * (1 - candidates[t] ** 2)
        dh = dh * old[t] + da[t] @ W_h
    dW_x = np.tensordot(da, x, axes=((0, 1), (0, 1)))
    dW_h = np.tensordot(da, states[:-1], axes=((0, 1), (0, 1)))
    return da @ W_x, dW_x, dW_h, da.sum(axis=(0, 1))


class Recurrent(Layer):
    """A recurrent layer that reads a sequence (N, T, D) and returns its last state (N, H).

    Parameters
    ----------
    W_x, W_h, b
        Weights of the inputs (H, D), of the last state (H, H), and biases (H,), of one dtype.
    zoneout
        Probability in [0, 1) that a unit keeps its old state in a step of training. At test time
        it takes the mean: h_t = zoneout h_(t-1) + (1 - zoneout) tanh(...).
    rng
        Source of the zoneout masks; not needed without zoneout.

    Attributes
    ----------
    W_x, W_h, b
        The parameters.
    dW_x, dW_h, db
        Their gradients, filled by ``backward``.
    cache
        Of the last pass: inputs, states and what else the backward pass needs.

    Raises
    ------
    TypeError, ValueError
        If a parameter is not finite real numbers of that shape, ``zoneout`` is outside [0, 1), or
        there is zoneout and no Generator.

    Notes
    -----
    Equations: eq-rnn, eq-zoneout, eq-rnn-backward, eq-rnn-gradients.
    Source: Elman (1990); zoneout: Krueger et al. (2017).
    """

    parameter_names: ClassVar[tuple[str, ...]] = ("W_x", "W_h", "b")
    weight_names: ClassVar[tuple[str, ...]] = ("W_x", "W_h")

    def __init__(
        self,
        W_x: npt.ArrayLike,
        W_h: npt.ArrayLike,
        b: npt.ArrayLike,
        zoneout: float = 0.0,
        rng: np.random.Generator | None = None,
    ) -> None:
        self.W_x = _arguments.floats("W_x", W_x, shape=("H", "D")).copy()
        n_hidden, self.n_in = self.W_x.shape
        W_h = _arguments.floats("W_h", W_h, shape=(n_hidden, n_hidden))
        self.W_h = W_h.astype(self.W_x.dtype)
        self.b = _arguments.floats("b", b, shape=(n_hidden,)).astype(self.W_x.dtype)
        self.zoneout = _arguments.number("zoneout", zoneout, "[0, 1)")
        if rng is None and self.zoneout > 0:
            raise TypeError("rng: expected a numpy.random.Generator for zoneout, got None")
        self.rng = None if rng is None else _arguments.generator("rng", rng)
        self.dW_x = np.zeros_like(self.W_x)
        self.dW_h = np.zeros_like(self.W_h)
        self.db = np.zeros_like(self.b)

    @classmethod
    def random(
        cls,
        n_in: int,
        n_hidden: int,
        rng: np.random.Generator,
        zoneout: float = 0.0,
        dtype: npt.DTypeLike = np.float64,
    ) -> Self:
        """Return a layer with weights of variance 1 / (number of their inputs) and zero biases.

        Raises
        ------
        TypeError, ValueError
            If a size is not a positive integer, ``rng`` no Generator or ``zoneout`` out of range.
        """
        n_in, n_hidden = _arguments.count("n_in", n_in), _arguments.count("n_hidden", n_hidden)
        _arguments.generator("rng", rng)
        W_x = rng.standard_normal((n_hidden, n_in)) / np.sqrt(n_in)
        W_h = rng.standard_normal((n_hidden, n_hidden)) / np.sqrt(n_hidden)
        return cls(W_x.astype(dtype), W_h, np.zeros(n_hidden), zoneout, rng)

    def out_shape(self, in_shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return (H,); raise ValueError if ``in_shape`` is not (T, D)."""
        if len(in_shape) != 2 or in_shape[1] != self.n_in:
            raise ValueError(f"expected sequences of shape (T, {self.n_in}), got {in_shape}")
        return (len(self.b),)

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return the last state (N, H) of the sequences ``x`` (N, T, D)."""
        if training and self.rng is not None and self.zoneout > 0:
            shape = (x.shape[1], len(x), len(self.b))
            old = (self.rng.random(shape, dtype=np.float32) < self.zoneout).astype(x.dtype)
        else:
            old = np.array(self.zoneout, x.dtype)
        self.cache = _forward(x, self.W_x, self.W_h, self.b, old)
        last: Array = self.cache.states[-1]
        return last

    def backward(self, grad_y: Array, need_dx: bool = True) -> Array | None:
        """Fill the gradients from that at the last state; return that at the input (N, T, D)."""
        grad_h = np.zeros_like(self.cache.candidates)
        grad_h[-1] = grad_y
        dx, self.dW_x[...], self.dW_h[...], self.db[...] = _backward(grad_h, self.cache)
        return dx.swapaxes(0, 1) if need_dx else None
