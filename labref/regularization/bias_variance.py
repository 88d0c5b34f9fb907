"""Over- and underfitting measured: polynomials, and bias and variance of what was learnt."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from labref import _arguments
from labref._arguments import Array


def polynomial_features(x: npt.ArrayLike, degree: int) -> Array:
    """Powers 0 to ``degree`` of each number.

    Parameters
    ----------
    x
        Numbers, shape (N,).
    degree
        The highest power, at least 0.

    Returns
    -------
    Array
        Shape (N, degree + 1), lowest power first.

    Raises
    ------
    TypeError, ValueError
        If ``x`` is not a vector of finite numbers or ``degree`` is not an integer of at least 0.
    """
    x = _arguments.floats("x", x, shape=("N",))
    n_features = _arguments.count("degree + 1", degree + 1)
    return x[:, None] ** np.arange(n_features, dtype=x.dtype)


def fit_polynomial(x: npt.ArrayLike, y: npt.ArrayLike, degree: int, lam: float = 0.0) -> Array:
    """Coefficients of the polynomial that fits best, with an L2 penalty if ``lam`` is positive.

    Parameters
    ----------
    x, y
        Examples and their targets, both of shape (N,).
    degree
        Of the polynomial, at least 0.
    lam
        Strength of the penalty, at least 0.

    Returns
    -------
    Array
        The w of shape (degree + 1,), lowest power first, that minimises
        (sum of squared errors + lam * sum of w_j^2 for j >= 1) / 2N. The constant, a bias, is not
        penalised. Of several minima, it is the smallest.

    Raises
    ------
    TypeError, ValueError
        If ``x`` and ``y`` are not finite vectors of one size, or ``degree`` or ``lam`` is negative.

    Notes
    -----
    Equation: eq-polynomial-fit.
    Solved as least squares with one row more for each penalised coefficient, which loses fewer
    digits than the normal equations.
    """
    features = polynomial_features(x, degree)
    y = _arguments.floats("y", y, shape=(len(features),))
    lam = _arguments.number("lam", lam, "[0, inf)")
    penalty = np.sqrt(lam) * np.eye(degree + 1, dtype=features.dtype)[1:]
    rows = np.concatenate([features, penalty.astype(features.dtype)])
    targets = np.concatenate([y, np.zeros(degree, y.dtype)])
    w: Array = np.linalg.lstsq(rows, targets)[0]
    return w


def bias_variance(
    train_and_predict: Callable[[np.random.Generator], npt.ArrayLike],
    truth: npt.ArrayLike,
    n_samples: int,
    rng: np.random.Generator,
) -> tuple[Array, Array]:
    """Squared bias and variance of a model, measured over many training sets.

    Parameters
    ----------
    train_and_predict
        Called as ``train_and_predict(rng)``: draws a training set, trains a new model on it and
        returns its predictions at fixed points, shape (N,).
    truth
        What a perfect model would predict there, without noise, shape (N,).
    n_samples
        How many training sets to draw, at least 2.
    rng
        Handed to ``train_and_predict``.

    Returns
    -------
    bias_squared, variance
        Of the prediction at each point, shape (N,). They add to the mean squared distance between
        prediction and truth; the error on noisy test data is larger by the noise's variance.

    Raises
    ------
    TypeError, ValueError
        If ``truth`` or predictions are not finite vectors of one size, or ``n_samples`` is below 2.

    Notes
    -----
    Equation: eq-bias-variance.
    The measured bias is too large by about variance / n_samples.
    Source: Geman, Bienenstock and Doursat (1992).
    """
    truth = _arguments.floats("truth", truth, shape=("N",))
    if _arguments.count("n_samples", n_samples) < 2:
        raise ValueError(f"n_samples: expected at least 2, got {n_samples}")
    _arguments.generator("rng", rng)
    predictions = np.array(
        [
            _arguments.floats("predictions", train_and_predict(rng), shape=truth.shape)
            for _ in range(n_samples)
        ]
    )
    return (predictions.mean(axis=0) - truth) ** 2, predictions.var(axis=0)
