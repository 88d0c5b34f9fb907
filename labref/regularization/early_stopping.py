"""Early stopping: end training when the validation error no longer falls."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy.typing as npt

from labref import _arguments
from labref._arguments import Array


class EarlyStopping:
    """Says when to stop: after ``patience`` epochs in a row without a new lowest error.

    Parameters
    ----------
    patience
        How many such epochs there must be, at least one.

    Attributes
    ----------
    best
        The lowest error so far; infinite before the first.
    best_epoch
        Its epoch, counted from 0; -1 before the first. Of equal errors the first counts.
    epochs_without_improvement
        Epochs since then. It is 0 right after an improvement: the moment to keep the weights.
    best_state
        The network's state then, which ``labref.training.train`` keeps here and restores.
    state_names
        What must be saved for a run to go on as if it had not stopped.

    Raises
    ------
    TypeError, ValueError
        If ``patience`` is not a positive integer.

    Notes
    -----
    Equation: eq-early-stopping.
    Source: Prechelt (1998).
    """

    state_names: ClassVar[tuple[str, ...]] = (
        "best",
        "best_epoch",
        "epochs_without_improvement",
        "best_state",
    )

    def __init__(self, patience: int) -> None:
        self.patience = _arguments.count("patience", patience)
        self.best = math.inf
        self.best_epoch = -1
        self.epochs_without_improvement = 0
        self.best_state: dict[str, Array] | None = None

    def update(self, validation_error: float) -> bool:
        """Take note of the next epoch's error; return whether to stop.

        An error that is NaN or infinite is no improvement.
        """
        if validation_error < self.best:
            self.best = float(validation_error)
            self.best_epoch += self.epochs_without_improvement + 1
            self.epochs_without_improvement = 0
        else:
            self.epochs_without_improvement += 1
        return self.epochs_without_improvement >= self.patience


def early_stopping(val_errors: npt.ArrayLike, patience: int) -> tuple[int, int]:
    """Find where early stopping would have ended a run with these validation errors.

    Parameters
    ----------
    val_errors
        The error after each epoch, shape (epochs,). Epochs count from 0.
    patience
        Training stops after that many epochs in a row without a new lowest error.

    Returns
    -------
    best_epoch, stop_epoch
        The epoch whose weights are kept, and the last epoch that is run: ``best_epoch`` +
        ``patience``, or the last of the list if the run ends before. The best epoch is the best of
        those that are run, even if a later one would have been better; of equals it is the first.

    Raises
    ------
    TypeError, ValueError
        If the errors are not a list of finite numbers, or ``patience`` is not a positive integer.

    Notes
    -----
    Equation: eq-early-stopping.
    Source: Prechelt (1998).
    """
    errors = _arguments.floats("val_errors", val_errors, shape=("epochs",))
    stopping = EarlyStopping(patience)
    for epoch, error in enumerate(errors):
        if stopping.update(error):
            return stopping.best_epoch, epoch
    return stopping.best_epoch, len(errors) - 1
