"""The deep belief net: restricted Boltzmann machines on top of each other."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Self

import numpy as np
import numpy.typing as npt

from labref._arguments import Array
from labref.network import Network
from labref.pretraining.contrastive_divergence import _sample
from labref.pretraining.greedy import stack_network
from labref.pretraining.rbm import RBM


class DBN:
    """A deep belief net, trained greedily as a stack of restricted Boltzmann machines.

    As a model of the data, it is the top machine with directed layers below it, from h to v. As a
    feature extractor, it is a stack of sigmoid layers, from v to h.

    Parameters
    ----------
    rbms
        The machines, first to last: the hidden units of one are the visible units of the next.
        The net takes them over.

    Attributes
    ----------
    rbms
        As given.

    Raises
    ------
    ValueError
        If there is none, or one does not fit the one below it.

    Notes
    -----
    Equation: eq-dbn.
    Source: Hinton, Osindero and Teh (2006).
    """

    def __init__(self, rbms: Sequence[RBM]) -> None:
        self.rbms = list(rbms)
        if not self.rbms:
            raise ValueError("rbms: expected one machine at least, got none")
        for i in range(1, len(self.rbms)):
            below, above = self.rbms[i - 1].n_hidden, self.rbms[i].n_visible
            if below != above:
                raise ValueError(f"rbms: machine {i}: expected {below} visible units, got {above}")

    @classmethod
    def random(
        cls, sizes: Sequence[int], rng: np.random.Generator, dtype: npt.DTypeLike = np.float64
    ) -> Self:
        """Return a net of untrained machines with ``sizes`` units, visible first: [784, 500, 500].

        Raises
        ------
        TypeError, ValueError
            If there are fewer than two sizes, or one is not a positive integer.
        """
        if len(sizes) < 2:
            raise ValueError(
                f"sizes: expected visible and hidden units at least, got {list(sizes)}"
            )
        return cls([RBM.random(below, above, rng, dtype) for below, above in pairwise(sizes)])

    def fit(
        self,
        x: npt.ArrayLike,
        *,
        epochs: int,
        batch_size: int,
        lr: float,
        rng: np.random.Generator,
        k: int = 1,
        persistent: bool = False,
        progress: bool = True,
    ) -> list[list[float]]:
        """Train the machines, each on the hidden probabilities of the one below.

        Takes and raises what ``RBM.fit`` does, for every machine.

        Returns
        -------
        list of lists of float
            What ``RBM.fit`` returns, for each machine. Ctrl-C leaves those above as they were.
        """
        h, errors = x, []
        for rbm in self.rbms:
            errors.append(
                rbm.fit(
                    h,
                    epochs=epochs,
                    batch_size=batch_size,
                    lr=lr,
                    rng=rng,
                    k=k,
                    persistent=persistent,
                    progress=progress,
                )
            )
            if len(errors[-1]) < epochs:
                break
            h = rbm.hidden_probabilities(h)
        return errors

    def encode(self, v: npt.ArrayLike) -> Array:
        """Return the top machine's hidden probabilities (N, n_top) for ``v`` (N, n_visible)."""
        h = self.rbms[0].hidden_probabilities(v)
        for rbm in self.rbms[1:]:
            h = rbm.hidden_probabilities(h)
        return h

    def generate(self, n: int, steps: int, rng: np.random.Generator) -> Array:
        """Return what the net believes in: P(v=1 | h), shape (n, n_visible), at a sampled h.

        Takes and raises what ``RBM.generate`` does. The chains run in the top machine; below it,
        each layer is sampled once, given the one above.
        """
        p = self.rbms[-1].generate(n, steps, rng)
        for rbm in reversed(self.rbms[:-1]):
            p = rbm.visible_probabilities(_sample(p, rng))
        return p

    def network(self, n_classes: int, rng: np.random.Generator) -> Network:
        """Return a classifier for fine-tuning: a copy of the layers upwards, and a softmax layer.

        Takes and raises what ``labref.pretraining.greedy.stack_network`` does.
        """
        return stack_network([(rbm.W, rbm.c) for rbm in self.rbms], n_classes, rng)
