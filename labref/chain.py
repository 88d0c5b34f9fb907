"""A chain of single sigmoid neurons: the smallest network whose gradients vanish or explode.

Neuron l, of L, computes y_l = sigmoid(a_l) from a_l = w_l y_(l-1) + b_l; the input is y_0 = x.
Deck E, and after it the assignment, write z_l for a_l and a_l for y_l.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from labref import _arguments
from labref._arguments import Array
from labref.activations import sigmoid, sigmoid_grad


def chain_forward(x: float, ws: npt.ArrayLike, bs: npt.ArrayLike) -> tuple[Array, Array]:
    """Pre-activations and outputs of a chain of single sigmoid neurons.

    Parameters
    ----------
    x
        The input, a number.
    ws, bs
        Weights and biases, shape (L,).

    Returns
    -------
    a, y
        Shape (L,).

    Raises
    ------
    TypeError, ValueError
        If an argument is not finite real numbers of that shape.

    Notes
    -----
    Equation: eq-chain. Source: Nielsen (2015).
    """
    ws, bs = _weights_and_biases(ws, bs)
    a, y = np.empty_like(ws), np.empty_like(ws)
    y_below = _arguments.number("x", x)
    for layer, (w, b) in enumerate(zip(ws, bs, strict=True)):
        a[layer] = w * y_below + b
        y[layer] = y_below = float(sigmoid(a[layer]))
    return a, y


def growth_factors(x: float, ws: npt.ArrayLike, bs: npt.ArrayLike) -> Array:
    """How much the gradient at a bias grows from one neuron to the one before it.

    Parameters
    ----------
    x, ws, bs
        As for ``chain_forward``.

    Returns
    -------
    Array
        Shape (L - 1,): w_(l+1) sigmoid'(a_l) for l = 1 .. L - 1, the ratio of the gradients (of any
        cost) at b_l and at b_(l+1). At most 1/4 in size where abs(w) is at most 1.

    Raises
    ------
    TypeError, ValueError
        As ``chain_forward``.

    Notes
    -----
    Equation: eq-growth-factor.
    """
    ws, bs = _weights_and_biases(ws, bs)
    a, _ = chain_forward(x, ws, bs)
    return ws[1:] * sigmoid_grad(a[:-1])


def chain_gradient(x: float, ws: npt.ArrayLike, bs: npt.ArrayLike) -> Array:
    """Gradient of a chain's output at every bias.

    Parameters
    ----------
    x, ws, bs
        As for ``chain_forward``.

    Returns
    -------
    Array
        Shape (L,): d y_L / d b_l. Times dC/dy_L, it is the gradient of a cost C.

    Raises
    ------
    TypeError, ValueError
        As ``chain_forward``.

    Notes
    -----
    Equation: eq-chain-gradient.
    d y_L / d b_l = sigmoid'(a_l) w_(l+1) sigmoid'(a_(l+1)) ... w_L sigmoid'(a_L). Deck E's second
    derivation divides "by b_1" at its end; it divides by the change of b_1.
    Source: Nielsen (2015).
    """
    a, _ = chain_forward(x, ws, bs)
    gradient = sigmoid_grad(a)
    factors = growth_factors(x, ws, bs)
    for layer in reversed(range(len(factors))):
        gradient[layer] = factors[layer] * gradient[layer + 1]
    return gradient


def vanishing_bound(n_layers: int) -> float:
    """Bound on abs(db_1 / db_n) in a chain of n neurons when every abs(w) is below 1.

    Parameters
    ----------
    n_layers
        The number n of neurons.

    Returns
    -------
    float
        (1/4)^(n - 1): of the n - 1 factors w_(l+1) sigmoid'(a_l), none exceeds 1/4 in size.

    Raises
    ------
    TypeError, ValueError
        If ``n_layers`` is not a positive integer.

    Notes
    -----
    Equation: eq-vanishing-bound.
    For n = 3 it is 1/16, and holds exactly. Deck E says "about" because it groups the factors as
    w_l sigmoid'(a_l), which leaves sigmoid'(a_1) / sigmoid'(a_3) over. It also prints, without
    absolute values, dC/db_1 <= sigmoid'(a_1) (1/4)^3 dC/dy_4, which fails where dC/dy_4 is
    negative and the weights are positive. For the weights' gradients, y_(l-1) dC/db_l, the bound
    is four times abs(x) as large: (1/4)^(n - 2) abs(x).
    """
    return 0.25 ** (_arguments.count("n_layers", n_layers) - 1)


def exploding_biases(x: float, ws: npt.ArrayLike) -> Array:
    """Biases that put every neuron of a chain at a = 0, where the sigmoid is steepest.

    Parameters
    ----------
    x
        The input, a number.
    ws
        Weights, shape (L,).

    Returns
    -------
    Array
        Shape (L,): -w_1 x, and -w_l / 2 for the others. Each growth factor is then w_(l+1) / 4,
        which is 25 for the weights of 100 that deck E takes (it prints "> 20").

    Raises
    ------
    TypeError, ValueError
        If an argument is not finite real numbers of that shape.

    Notes
    -----
    Equation: eq-exploding-biases.
    """
    ws = _arguments.floats("ws", ws, shape=("L",))
    y_below = np.full_like(ws, 0.5)  # sigmoid(0)
    y_below[0] = _arguments.number("x", x)
    return -ws * y_below


def growth_window(w: float) -> float:
    """Width of the inputs for which a neuron lets gradients grow.

    Parameters
    ----------
    w
        The weight before the neuron, and the one after it.

    Returns
    -------
    float
        Length of the interval of inputs, whatever the bias, in which abs(w sigmoid'(a)) > 1; 0
        unless abs(w) > 4. It is longest, 0.45, for weights of 6.9.

    Raises
    ------
    TypeError, ValueError
        If ``w`` is not a finite number.

    Notes
    -----
    Equation: eq-growth-window. Source: Nielsen (2015), a problem of chapter 5.
    """
    w = abs(_arguments.number("w", w))
    return 2 / w * float(np.arccosh(w / 2 - 1)) if w > 4 else 0.0


def _weights_and_biases(ws: npt.ArrayLike, bs: npt.ArrayLike) -> tuple[Array, Array]:
    ws = _arguments.floats("ws", ws, shape=("L",))
    return ws, _arguments.floats("bs", bs, shape=ws.shape).astype(ws.dtype)
