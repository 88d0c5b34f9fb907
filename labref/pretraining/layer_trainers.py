"""Ways to train one layer of a stack, for ``labref.pretraining.greedy.greedy_pretrain``.

Each function returns a ``train_layer(h, n_hidden) -> (W, b)``. It keeps the dtype of h; Ctrl-C
ends the whole pretraining.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from labref import _arguments
from labref._arguments import Array
from labref.layers import Dense, SparseCode
from labref.losses import Loss
from labref.network import Network, dense_network
from labref.optimizers import Optimizer
from labref.pretraining.autoencoder import Autoencoder
from labref.pretraining.greedy import LayerTrainer
from labref.pretraining.rbm import RBM
from labref.training import train


def autoencoder_trainer(
    *,
    optimizer: Optimizer,
    epochs: int,
    batch_size: int,
    rng: np.random.Generator,
    tied: bool = False,
    loss: Loss | None = None,
    sparse: SparseCode | None = None,
    corrupt: Callable[[Array, np.random.Generator], Array] | None = None,
    progress: bool = True,
) -> LayerTrainer:
    """Return a function that trains a layer as the encoder of an autoencoder.

    Parameters
    ----------
    optimizer
        Each layer is trained by a copy of it.
    epochs, batch_size, rng, progress
        As in ``labref.training.train``; ``rng`` also draws the first weights.
    tied, loss, sparse
        As in ``Autoencoder.random``: with ``sparse``, the autoencoder is sparse.
    corrupt
        Noise on the layer's inputs, ``corrupt(h, rng)``: with it, the autoencoder is denoising.

    Notes
    -----
    Source: Bengio, Lamblin, Popovici and Larochelle (2007); Vincent, Larochelle, Lajoie, Bengio and
    Manzagol (2010).
    """

    def train_layer(h: Array, n_hidden: int) -> tuple[Array, Array]:
        autoencoder = Autoencoder.random(
            h.shape[1],
            n_hidden,
            rng,
            tied=tied,
            loss=loss,
            sparse=copy.deepcopy(sparse),
            dtype=h.dtype,
        )
        _train(
            autoencoder,
            h,
            h,
            optimizer,
            epochs=epochs,
            batch_size=batch_size,
            rng=rng,
            augment=corrupt,
            progress=progress,
        )
        return autoencoder.encoder.W.copy(), autoencoder.encoder.b.copy()

    return train_layer


def rbm_trainer(
    *,
    epochs: int,
    batch_size: int,
    lr: float,
    rng: np.random.Generator,
    k: int = 1,
    persistent: bool = False,
    progress: bool = True,
) -> LayerTrainer:
    """Return a function that trains a layer as a restricted Boltzmann machine.

    Parameters
    ----------
    epochs, batch_size, lr, rng, k, persistent, progress
        As in ``RBM.fit``; ``rng`` also draws the first weights.

    Notes
    -----
    Source: Hinton, Osindero and Teh (2006).
    """

    def train_layer(h: Array, n_hidden: int) -> tuple[Array, Array]:
        rbm = RBM.random(h.shape[1], n_hidden, rng, h.dtype)
        errors = rbm.fit(
            h,
            epochs=epochs,
            batch_size=batch_size,
            lr=lr,
            rng=rng,
            k=k,
            persistent=persistent,
            progress=progress,
        )
        if len(errors) < epochs:
            raise KeyboardInterrupt
        return rbm.W, rbm.c

    return train_layer


def supervised_trainer(
    labels: npt.ArrayLike,
    n_classes: int,
    *,
    optimizer: Optimizer,
    epochs: int,
    batch_size: int,
    rng: np.random.Generator,
    progress: bool = True,
) -> LayerTrainer:
    """Return a function that trains a layer as the hidden layer of a classifier.

    The classifier's softmax layer is thrown away afterwards.

    Parameters
    ----------
    labels
        Classes of the rows, integers of shape (N,).
    n_classes
        How many there are.
    optimizer
        Each layer is trained by a copy of it.
    epochs, batch_size, rng, progress
        As in ``labref.training.train``; ``rng`` also draws the first weights.

    Notes
    -----
    Source: Bengio, Lamblin, Popovici and Larochelle (2007), greedy supervised pretraining.
    """
    n_classes = _arguments.count("n_classes", n_classes)

    def train_layer(h: Array, n_hidden: int) -> tuple[Array, Array]:
        network = dense_network([h.shape[1], n_hidden, n_classes], rng, dtype=h.dtype)
        _train(
            network,
            h,
            labels,
            optimizer,
            epochs=epochs,
            batch_size=batch_size,
            rng=rng,
            progress=progress,
        )
        hidden = network.layers[0]
        assert isinstance(hidden, Dense)
        return hidden.W.copy(), hidden.b.copy()

    return train_layer


def _train(
    network: Network, h: Array, targets: npt.ArrayLike, optimizer: Optimizer, **options: Any
) -> None:
    history = train(network, h, targets, optimizer=copy.deepcopy(optimizer), **options)
    if history.interrupted:
        raise KeyboardInterrupt
