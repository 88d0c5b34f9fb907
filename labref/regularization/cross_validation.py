"""Cross-validation: every example validates once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from labref import _arguments
from labref._arguments import Array

Indices = npt.NDArray[np.intp]


def k_fold(n: int, k: int, rng: np.random.Generator) -> list[tuple[Indices, Indices]]:
    """Shuffle 0 .. n-1 and cut it into k folds, each of which validates in turn.

    Parameters
    ----------
    n
        How many examples there are.
    k
        How many folds, from 2 to ``n``. With ``n`` folds, one example is left out at a time.
    rng
        Source of the shuffle.

    Returns
    -------
    list of (train, validation)
        ``k`` pairs of arrays of indices. The validation parts hold each of 0 .. n-1 once, and their
        sizes differ by at most one; the training part is the rest.

    Raises
    ------
    TypeError, ValueError
        If ``n`` or ``k`` is not an integer of that range, or ``rng`` no Generator.

    Notes
    -----
    Deck D calls a single split into training, validation and test part cross-validation; that is
    ``labref.data.train_val_test_split``. Source: Stone (1974).
    """
    n, k = _arguments.count("n", n), _arguments.count("k", k)
    if not 2 <= k <= n:
        raise ValueError(f"k: expected 2..{n} folds for {n} examples, got {k}")
    order = _arguments.generator("rng", rng).permutation(n)
    folds = np.array_split(order, k)
    return [
        (np.concatenate([*folds[:i], *folds[i + 1 :]]), validation)
        for i, validation in enumerate(folds)
    ]


def cross_validate(
    fit_and_score: Callable[[Indices, Indices], float], n: int, k: int, rng: np.random.Generator
) -> Array:
    """Score a model on each of k folds after training it on the others.

    Parameters
    ----------
    fit_and_score
        Called as ``fit_and_score(train, validation)`` with arrays of indices; trains a new model on
        the one part and returns its score on the other.
    n, k, rng
        As in ``k_fold``.

    Returns
    -------
    Array
        The scores, shape (k,). Their mean is the estimate; folds share training examples, so that
        their spread understates its error.

    Raises
    ------
    TypeError, ValueError
        As in ``k_fold``.

    Notes
    -----
    Equation: eq-cross-validation.
    """
    return np.array([float(fit_and_score(*parts)) for parts in k_fold(n, k, rng)])
