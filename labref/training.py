"""The training loop."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from labref import _arguments
from labref._arguments import Array
from labref._progress import progress_bar
from labref.network import Network
from labref.optimizers import Optimizer

# Rows are gathered, and losses computed, for several small batches at a time: fewer NumPy calls.
_ROWS_AT_A_TIME = 200


@dataclass
class History:
    """What happened during training, one entry per epoch.

    Attributes
    ----------
    loss
        Mean loss over the epoch's batches, each measured before its step.
    validation_loss, validation_accuracy
        On the validation data after the epoch; empty if there are none. Accuracy is a fraction,
        and empty too if the targets are not labels.
    """

    loss: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    validation_accuracy: list[float] = field(default_factory=list)


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
    progress: bool = True,
) -> History:
    """Train ``network`` in place on shuffled mini-batches.

    Parameters
    ----------
    network
        The network, whose parameters are changed in place.
    x
        Inputs, shape (N, n_in).
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
    progress
        Whether to show a bar if training takes more than two seconds (needs tqdm).

    Returns
    -------
    History
        One entry per epoch.

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

    block_size = batch_size * max(1, _ROWS_AT_A_TIME // batch_size)
    history = History()
    for epoch in progress_bar(range(epochs), "epochs", progress):
        total = 0.0
        order = rng.permutation(len(x))
        for start in range(0, len(x), block_size):
            rows = order[start : start + block_size]
            loss = _descend(
                network, x.take(rows, axis=0), targets.take(rows, axis=0), optimizer, batch_size
            )
            total += len(rows) * loss
        if not np.isfinite(total):
            raise FloatingPointError(
                f"the loss is {total} after epoch {epoch + 1} of {epochs}: try a smaller step size"
            )
        history.loss.append(total / len(x))
        if validation is not None:
            history.validation_loss.append(network.mean_loss(*validation))
            if np.ndim(validation[1]) == 1:
                history.validation_accuracy.append(network.accuracy(*validation))
    return history


def _descend(
    network: Network, x: Array, targets: Array, optimizer: Optimizer, batch_size: int
) -> float:
    """Take a step on each batch of these rows; return their mean loss, measured before the steps.

    A loss that is not finite is the caller's to report, once and without NumPy's warnings.
    """
    outputs = []
    with np.errstate(over="ignore", invalid="ignore"):
        for start in range(0, len(x), batch_size):
            batch = slice(start, start + batch_size)
            outputs.append(network._backpropagate(x[batch], targets[batch]))
            optimizer.step(network.parameters, network.gradient, overwrite_gradient=True)
        return network.loss.value(np.concatenate(outputs), targets)
