"""The training loop."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from labref import _arguments
from labref._arguments import Array
from labref._progress import progress_bar
from labref.network import Network
from labref.optimizers import Optimizer
from labref.regularization.early_stopping import EarlyStopping

# Rows are gathered, and losses computed, for several small batches at a time: fewer NumPy calls.
_ROWS_AT_A_TIME = 200


@dataclass
class History:
    """What happened during training, one entry per epoch.

    Attributes
    ----------
    loss
        Mean loss over the epoch's batches, each measured before its step, without penalties.
    validation_loss, validation_accuracy
        On the validation data after the epoch; empty if there are none. Accuracy is a fraction,
        and empty too if the targets are not labels.
    interrupted
        Whether Ctrl-C ended the run before its time.
    """

    state_names: ClassVar[tuple[str, ...]] = ("loss", "validation_loss", "validation_accuracy")

    loss: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    validation_accuracy: list[float] = field(default_factory=list)
    interrupted: bool = False


def train(
    network: Network,
    x: npt.ArrayLike,
    targets: npt.ArrayLike,
    *,
    optimizer: Optimizer,
    epochs: int,
    batch_size: int,
    rng: np.random.Generator,
    validation: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
    augment: Callable[[Array, np.random.Generator], Array] | None = None,
    clip: Callable[[Array], Array] | None = None,
    early_stopping: EarlyStopping | None = None,
    after_epoch: Callable[[History], None] | None = None,
    progress: bool = True,
) -> History:
    """Train ``network`` in place on shuffled mini-batches.

    Parameters
    ----------
    network
        The network, whose parameters are changed in place.
    x
        Inputs, shape (N, *in_shape).
    targets
        Labels (N,) or values (N, n_out), as the network's loss wants them.
    optimizer
        Takes one step per batch.
    epochs
        Passes over the data.
    batch_size
        Rows per batch; the last batch of an epoch may be smaller.
    rng
        Shuffles the rows anew in each epoch. The same seed gives the same run.
    validation
        Inputs and targets to measure after each epoch.
    augment
        Changes inputs before they are used, with ``rng``: noise, shifts, corruption.
    clip
        Shortens the gradient before each step.
    early_stopping
        Ends training when the validation loss no longer falls, and restores the best parameters.
    after_epoch
        Called after each epoch with the history so far, for instance to save or to measure.
    progress
        Whether to show a bar if training takes more than two seconds (needs tqdm).

    Returns
    -------
    History
        One entry per epoch. If Ctrl-C interrupts training, there is a warning, the history ends
        with the last whole epoch, and the parameters are those of the last step, or the best ones
        with ``early_stopping``.

    Raises
    ------
    TypeError, ValueError
        If an argument does not fit; nothing has been changed then.
    FloatingPointError
        If the loss is no longer finite. The step size is too large, most likely.

    Notes
    -----
    Equations: eq-sgd, eq-backprop-init, eq-backprop-step.
    """
    epochs = _arguments.count("epochs", epochs)
    batch_size = _arguments.count("batch_size", batch_size)
    _arguments.generator("rng", rng)
    x = network._check_x(x)
    targets = network._check_targets(targets, len(x))
    if validation is not None:
        network.mean_loss(*validation)
    elif early_stopping is not None:
        raise ValueError("validation: expected inputs and targets for early_stopping, got None")

    history = History()
    try:
        for epoch in progress_bar(range(epochs), "epochs", progress):
            loss = _run_epoch(network, x, targets, optimizer, batch_size, rng, augment, clip)
            if not np.isfinite(loss):
                raise FloatingPointError(
                    f"the loss is {loss} after epoch {epoch + 1} of {epochs}: "
                    "try a smaller step size"
                )
            history.loss.append(loss)
            if validation is not None:
                _measure(network, *validation, history)
            stop = early_stopping is not None and _stop_early(early_stopping, network, history)
            if after_epoch is not None:
                after_epoch(history)
            if stop:
                break
    except KeyboardInterrupt:
        history.interrupted = True
        message = f"training was interrupted after {len(history.loss)} of {epochs} epochs"
        warnings.warn(message, stacklevel=2)
    finally:
        if early_stopping is not None and early_stopping.best_state is not None:
            network.set_state(early_stopping.best_state)
    return history


def _stop_early(early_stopping: EarlyStopping, network: Network, history: History) -> bool:
    """Say whether to stop; keep the network's state if it is the best so far."""
    stop = early_stopping.update(history.validation_loss[-1])
    if early_stopping.epochs_without_improvement == 0:
        early_stopping.best_state = network.state()
    return stop


def _run_epoch(
    network: Network,
    x: Array,
    targets: Array,
    optimizer: Optimizer,
    batch_size: int,
    rng: np.random.Generator,
    augment: Callable[[Array, np.random.Generator], Array] | None,
    clip: Callable[[Array], Array] | None,
) -> float:
    """Take a step on each batch of the shuffled rows; return the mean loss before the steps.

    A loss that is not finite is the caller's to report, once and without NumPy's warnings.
    """
    block_size = batch_size * max(1, _ROWS_AT_A_TIME // batch_size)
    order = rng.permutation(len(x))
    total = 0.0
    for start in range(0, len(x), block_size):
        rows = order[start : start + block_size]
        block, block_targets = x.take(rows, axis=0), targets.take(rows, axis=0)
        if augment is not None:
            block = network._check_x(augment(block, rng))
        outputs = []
        with np.errstate(over="ignore", invalid="ignore"):
            for first in range(0, len(rows), batch_size):
                batch = slice(first, first + batch_size)
                outputs.append(network._backpropagate(block[batch], block_targets[batch]))
                gradient = network.gradient if clip is None else clip(network.gradient)
                optimizer.step(network.parameters, gradient, overwrite_gradient=True)
            total += len(rows) * network.loss.value(np.concatenate(outputs), block_targets)
    return total / len(x)


def _measure(network: Network, x: npt.ArrayLike, targets: npt.ArrayLike, history: History) -> None:
    """Add the loss and, if the targets are labels, the accuracy to the history."""
    x = network._check_x(x)
    outputs = network._outputs(x)
    checked = network._check_targets(targets, len(x))
    history.validation_loss.append(network.loss.value(outputs, checked))
    if np.ndim(targets) == 1:
        right = network._classes(outputs) == np.asarray(targets)
        history.validation_accuracy.append(float(right.mean()))
