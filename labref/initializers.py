"""Initial weights: how large random weights must be, and how to draw them.

An initializer is a function ``(n_in, n_out, rng, shape=None)``. It returns float64 weights of shape
(n_out, n_in), or of another ``shape`` for units that have n_in inputs and feed n_out outputs each.
So ``he_normal(*fans(shape), rng, shape)`` draws the filters of a convolution, of shape
(C_out, C_in, kh, kw), and ``shape=(n_out,)`` draws biases. Cast the result for a float32 network.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from labref import _arguments
from labref._arguments import Array


class Initializer(Protocol):
    """What a layer needs of an initializer."""

    def __call__(
        self, n_in: int, n_out: int, rng: np.random.Generator, shape: Sequence[int] | None = None
    ) -> Array:
        """Return weights of shape (n_out, n_in), or ``shape``, scaled for these fans."""


def fans(shape: Sequence[int]) -> tuple[int, int]:
    """Return fan-in and fan-out of an array of weights.

    Parameters
    ----------
    shape
        Of dense weights (n_out, n_in), or of filters (C_out, C_in, kh, kw).

    Returns
    -------
    n_in, n_out
        For filters C_in*kh*kw, the inputs of an output, and C_out*kh*kw, the outputs that an input
        goes to (if the stride is 1).

    Raises
    ------
    TypeError, ValueError
        If there are fewer than two sizes, or one is not a positive integer.

    Notes
    -----
    Equation: eq-fans.
    """
    n_out, n_in, *kernel = _sizes(shape, at_least=2)
    return n_in * math.prod(kernel), n_out * math.prod(kernel)


def _sizes(shape: Sequence[int], at_least: int) -> tuple[int, ...]:
    if len(shape) < at_least:
        raise ValueError(f"shape: expected at least {at_least} axes, got {tuple(shape)}")
    return tuple(_arguments.count("shape", size) for size in shape)


def _shape(
    n_in: int, n_out: int, rng: np.random.Generator, shape: Sequence[int] | None
) -> tuple[int, ...]:
    """Check the arguments of an initializer; return the shape of what it is to draw."""
    _arguments.generator("rng", rng)
    matrix = _arguments.count("n_out", n_out), _arguments.count("n_in", n_in)
    return matrix if shape is None else _sizes(shape, at_least=1)


def lecun_normal(
    n_in: int, n_out: int, rng: np.random.Generator, shape: Sequence[int] | None = None
) -> Array:
    """Draw weights from N(0, 1/n_in): pre-activations get the mean square of the inputs.

    Parameters
    ----------
    n_in, n_out
        Fan-in and fan-out: inputs of a unit, and units that an input goes to.
    rng
        Source of the weights.
    shape
        Of the result; (n_out, n_in) if not given.

    Returns
    -------
    Array
        Weights, float64.

    Raises
    ------
    TypeError, ValueError
        If a size is not a positive integer, or ``rng`` is not a Generator.

    Notes
    -----
    Equations: eq-preactivation-variance, eq-lecun.
    1/n_in is the variance. Deck C prints N(0, 1/sqrt(n_in)), which is right only if the second
    argument is the standard deviation, as deck D says.
    Source: LeCun, Bottou, Orr and Müller (2012).
    """
    shape = _shape(n_in, n_out, rng, shape)
    return math.sqrt(1 / n_in) * rng.standard_normal(shape)


def lecun_uniform(
    n_in: int, n_out: int, rng: np.random.Generator, shape: Sequence[int] | None = None
) -> Array:
    """Draw weights of variance 1/n_in from U[-r, r], r = sqrt(3/n_in).

    Takes and raises what ``lecun_normal`` does.

    Notes
    -----
    Equations: eq-lecun, eq-uniform-variance.
    The variance of U[-r, r] is r**2 / 3, here and for the other uniform initializers.
    Source: LeCun, Bottou, Orr and Müller (2012).
    """
    shape = _shape(n_in, n_out, rng, shape)
    bound = math.sqrt(3 / n_in)
    return rng.uniform(-bound, bound, shape)


def glorot_normal(
    n_in: int, n_out: int, rng: np.random.Generator, shape: Sequence[int] | None = None
) -> Array:
    """Draw weights from N(0, 2/(n_in + n_out)), Xavier initialization.

    Takes and raises what ``lecun_normal`` does.

    Notes
    -----
    Equations: eq-glorot, eq-backward-variance.
    The forward pass wants variance 1/n_in, the backward pass 1/n_out; this is the inverse of the
    mean of n_in and n_out. Deck D prints 1/n_in + 1/n_out, which is at least twice as much.
    Source: Glorot and Bengio (2010).
    """
    shape = _shape(n_in, n_out, rng, shape)
    return math.sqrt(2 / (n_in + n_out)) * rng.standard_normal(shape)


def glorot_uniform(
    n_in: int, n_out: int, rng: np.random.Generator, shape: Sequence[int] | None = None
) -> Array:
    """Draw weights of variance 2/(n_in + n_out) from U[-r, r], r = sqrt(6/(n_in + n_out)).

    Takes and raises what ``lecun_normal`` does.

    Notes
    -----
    Equations: eq-glorot, eq-uniform-variance.
    This is for tanh, and linear units; with the sigmoid, whose slope at 0 is four times smaller,
    r is four times larger. Deck D prints the two the other way round.
    Source: Glorot and Bengio (2010).
    """
    shape = _shape(n_in, n_out, rng, shape)
    bound = math.sqrt(6 / (n_in + n_out))
    return rng.uniform(-bound, bound, shape)


def he_normal(
    n_in: int, n_out: int, rng: np.random.Generator, shape: Sequence[int] | None = None
) -> Array:
    """Draw weights from N(0, 2/n_in), for ReLU: it halves the mean square, the 2 makes up for it.

    Takes and raises what ``lecun_normal`` does.

    Notes
    -----
    Equations: eq-relu-half, eq-he.
    Deck D gives n_in * variance / 2 = 1 as making ReLU's output symmetric; it makes the mean square
    the same in every layer, the outputs stay positive.
    Source: He, Zhang, Ren and Sun (2015).
    """
    shape = _shape(n_in, n_out, rng, shape)
    return math.sqrt(2 / n_in) * rng.standard_normal(shape)


def he_uniform(
    n_in: int, n_out: int, rng: np.random.Generator, shape: Sequence[int] | None = None
) -> Array:
    """Draw weights of variance 2/n_in from U[-r, r], r = sqrt(6/n_in), for ReLU.

    Takes and raises what ``lecun_normal`` does.

    Notes
    -----
    Equations: eq-he, eq-uniform-variance. Source: He, Zhang, Ren and Sun (2015).
    """
    shape = _shape(n_in, n_out, rng, shape)
    bound = math.sqrt(6 / n_in)
    return rng.uniform(-bound, bound, shape)


def standard_normal(
    n_in: int, n_out: int, rng: np.random.Generator, shape: Sequence[int] | None = None
) -> Array:
    """Draw weights from N(0, 1), whatever the fans: the pre-activations' variance grows as n_in.

    Takes and raises what ``lecun_normal`` does.

    Notes
    -----
    Equation: eq-preactivation-variance.
    """
    shape = _shape(n_in, n_out, rng, shape)
    return rng.standard_normal(shape)


def constant(value: float) -> Initializer:
    """Return an initializer that gives every weight the same ``value``, so that units stay equal.

    Raises
    ------
    TypeError, ValueError
        If ``value`` is not a finite number.

    Notes
    -----
    Equation: eq-equal-units.
    """
    value = _arguments.number("value", value)

    def initializer(
        n_in: int, n_out: int, rng: np.random.Generator, shape: Sequence[int] | None = None
    ) -> Array:
        return np.full(_shape(n_in, n_out, rng, shape), value)

    return initializer


def orthogonal(
    n_in: int, n_out: int, rng: np.random.Generator, shape: Sequence[int] | None = None
) -> Array:
    """Draw a matrix with orthonormal rows, or columns if it has fewer, uniformly among all.

    Takes and raises what ``lecun_normal`` does. Filters are orthonormal as rows
    (C_out, C_in*kh*kw); the scale does not depend on the fans.

    Notes
    -----
    Equation: eq-orthogonal.
    Q of the QR decomposition of a normal matrix, its columns' signs chosen such that the diagonal
    of R is positive; without that Q would not be uniformly distributed.
    Source: Saxe, McClelland and Ganguli (2014).
    """
    shape = _shape(n_in, n_out, rng, shape)
    rows, columns = shape[0], math.prod(shape[1:])
    Q, R = np.linalg.qr(rng.standard_normal((max(rows, columns), min(rows, columns))))
    Q *= np.sign(np.diag(R))
    W: Array = Q if rows >= columns else Q.T
    return W.reshape(shape)


def scaled(initializer: Initializer, factor: float) -> Initializer:
    """Return an initializer whose weights are ``factor`` times those of another one.

    Parameters
    ----------
    initializer
        The other one.
    factor
        The factor, such as the ``gain`` of the activation below, for ``lecun_normal``.

    Raises
    ------
    TypeError, ValueError
        If ``factor`` is not a finite number.

    Notes
    -----
    Equation: eq-gain.
    """
    factor = _arguments.number("factor", factor)

    def scaled_initializer(
        n_in: int, n_out: int, rng: np.random.Generator, shape: Sequence[int] | None = None
    ) -> Array:
        return factor * initializer(n_in, n_out, rng, shape)

    return scaled_initializer


def gain(
    f: Callable[[Array], Array],
    rng: np.random.Generator,
    n: int = 100_000,
) -> float:
    """Return the factor by which an activation shrinks a standard normal input, inverted.

    Parameters
    ----------
    f
        The activation, elementwise.
    rng
        Source of the inputs.
    n
        How many inputs to average over; the relative error is about 1/sqrt(n).

    Returns
    -------
    float
        1 / sqrt(E f(z)^2) for standard normal z. Weights of variance gain^2 / n_in keep the mean
        square of the pre-activations from layer to layer. sqrt(2) for ReLU: that is He's.

    Raises
    ------
    TypeError, ValueError
        If ``rng`` is not a Generator, ``n`` is not a positive integer, or ``f`` does not return
        finite numbers, one per input and not all of them 0.

    Notes
    -----
    Equation: eq-gain.
    PyTorch's ``calculate_gain("tanh")`` is 5/3, a rule of thumb; here it is about 1.593.
    """
    z = _arguments.generator("rng", rng).standard_normal(_arguments.count("n", n))
    y = _arguments.floats("f(z)", f(z), shape=z.shape)
    mean_square = float(np.mean(y * y))
    if mean_square == 0:
        raise ValueError("f: expected a function other than 0, got 0 for every input")
    return 1 / math.sqrt(mean_square)


def gaussian_log_prior(W: npt.ArrayLike, variance: float) -> float:
    """Return the log density of weights that are independent and from N(0, variance).

    Parameters
    ----------
    W
        Weights, any shape.
    variance
        That of the initializer, such as 1/n_in.

    Returns
    -------
    float
        -(sum of w^2) / (2 variance) - (number of weights) * log(2 pi variance) / 2, in nats: but
        for a constant, minus the L2 penalty lam/2 (sum of w^2) with lam = 1/variance.

    Raises
    ------
    TypeError, ValueError
        If ``W`` is not made of finite real numbers or ``variance`` is not positive.

    Notes
    -----
    Equations: eq-log-prior, eq-log-prior-grad.
    """
    W = _arguments.floats("W", W)
    variance = _arguments.number("variance", variance, "(0, inf)")
    log_peak = -0.5 * W.size * math.log(2 * math.pi * variance)
    return log_peak - float(np.sum(W * W)) / (2 * variance)
