"""The restricted Boltzmann machine."""

from __future__ import annotations

import warnings
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt

from labref import _arguments
from labref._arguments import Array
from labref._progress import progress_bar
from labref.pretraining.contrastive_divergence import (
    _check,
    _hidden,
    _sample,
    _visible,
    cd_gradients,
    pcd_gradients,
)


def free_energy(v: npt.ArrayLike, W: npt.ArrayLike, b: npt.ArrayLike, c: npt.ArrayLike) -> Array:
    """Free energy of visible states: minus the log of their unnormalised probability.

    Parameters
    ----------
    v
        Visible states, shape (N, n_visible).
    W
        Weights, shape (n_hidden, n_visible).
    b, c
        Biases of the visible (n_visible,) and of the hidden units (n_hidden,).

    Returns
    -------
    Array
        Shape (N,): -v b - sum over hidden units of log(1 + exp(v W^T + c)).

    Raises
    ------
    TypeError, ValueError
        If an array is not finite real numbers of that shape.

    Notes
    -----
    Equations: eq-free-energy, eq-free-energy-grad.
    The hidden units are summed out of the energy -v b - h c - h W v, h in {0, 1}.
    Source: Smolensky (1986), Hinton (2010).
    """
    v, W, b, c = _check("v", v, W, b, c)
    return np.asarray(-(v @ b) - np.logaddexp(0, v @ W.T + c).sum(axis=1))


class RBM:
    """A restricted Boltzmann machine of binary units.

    P(v, h) is proportional to exp(v b + h c + h W v): no connections among the visible units, none
    among the hidden ones, so that either are independent of each other given the other layer.

    Parameters
    ----------
    W
        Weights, shape (n_hidden, n_visible).
    b, c
        Biases of the visible (n_visible,) and of the hidden units (n_hidden,).

    Attributes
    ----------
    W, b, c
        The parameters, of the dtype of ``W``.
    chains
        Hidden states of the persistent chains, (batch_size, n_hidden); None before the first use.

    Raises
    ------
    TypeError, ValueError
        If an array is not finite real numbers of that shape.

    Notes
    -----
    Equations: eq-rbm-energy, eq-rbm-conditionals.
    Source: Smolensky (1986), Hinton (2002).
    """

    state_names: ClassVar[tuple[str, ...]] = ("W", "b", "c", "chains")

    def __init__(self, W: npt.ArrayLike, b: npt.ArrayLike, c: npt.ArrayLike) -> None:
        self.W = _arguments.floats("W", W, shape=("n_hidden", "n_visible")).copy()
        self.n_hidden, self.n_visible = self.W.shape
        self.b = _arguments.floats("b", b, shape=(self.n_visible,)).astype(self.W.dtype)
        self.c = _arguments.floats("c", c, shape=(self.n_hidden,)).astype(self.W.dtype)
        self.chains: Array | None = None

    @classmethod
    def random(
        cls,
        n_visible: int,
        n_hidden: int,
        rng: np.random.Generator,
        dtype: npt.DTypeLike = np.float64,
    ) -> Self:
        """Return a machine with weights from N(0, 0.01^2) and zero biases.

        Raises
        ------
        TypeError, ValueError
            If a size is not a positive integer, or ``rng`` not a Generator.

        Notes
        -----
        Source: Hinton (2010).
        """
        shape = _arguments.count("n_hidden", n_hidden), _arguments.count("n_visible", n_visible)
        W = 0.01 * _arguments.generator("rng", rng).standard_normal(shape)
        return cls(W.astype(dtype), np.zeros(n_visible), np.zeros(n_hidden))

    def hidden_probabilities(self, v: npt.ArrayLike) -> Array:
        """Return P(h=1 | v), shape (N, n_hidden), for visible states ``v`` (N, n_visible)."""
        return _hidden(self._rows("v", v, self.n_visible), self.W, self.c)

    def visible_probabilities(self, h: npt.ArrayLike) -> Array:
        """Return P(v=1 | h), shape (N, n_visible), for hidden states ``h`` (N, n_hidden)."""
        return _visible(self._rows("h", h, self.n_hidden), self.W, self.b)

    def sample_hidden(self, v: npt.ArrayLike, rng: np.random.Generator) -> Array:
        """Return hidden states, zeros and ones (N, n_hidden), given visible ones."""
        return _sample(self.hidden_probabilities(v), _arguments.generator("rng", rng))

    def sample_visible(self, h: npt.ArrayLike, rng: np.random.Generator) -> Array:
        """Return visible states, zeros and ones (N, n_visible), given hidden ones."""
        return _sample(self.visible_probabilities(h), _arguments.generator("rng", rng))

    def reconstruct(self, v: npt.ArrayLike) -> Array:
        """Return P(v=1 | h), shape (N, n_visible), with h = P(h=1 | v): nothing is sampled."""
        return self.visible_probabilities(self.hidden_probabilities(v))

    def reconstruction_error(self, v: npt.ArrayLike) -> float:
        """Return the mean over rows of half the squared distance of ``v`` to ``reconstruct(v)``."""
        error = self.reconstruct(v) - self._rows("v", v, self.n_visible)
        return 0.5 * float(np.vdot(error, error)) / len(error)

    def free_energy(self, v: npt.ArrayLike) -> Array:
        """Return the free energy, shape (N,), of visible states ``v`` (N, n_visible)."""
        return free_energy(self._rows("v", v, self.n_visible), self.W, self.b, self.c)

    def generate(self, n: int, steps: int, rng: np.random.Generator) -> Array:
        """Return what the machine believes in: P(v=1 | h), shape (n, n_visible), at a sampled h.

        Parameters
        ----------
        n
            Gibbs chains, one for each row, started from fair coins.
        steps
            Gibbs steps of each chain. The more, the closer h is to the model's distribution.
        rng
            Source of the samples.

        Raises
        ------
        TypeError, ValueError
            If ``n`` or ``steps`` is not a positive integer, or ``rng`` is no Generator.
        """
        n, steps = _arguments.count("n", n), _arguments.count("steps", steps)
        p = np.full((n, self.n_visible), 0.5, self.W.dtype)
        for _ in range(steps):
            h = self.sample_hidden(_sample(p, _arguments.generator("rng", rng)), rng)
            p = self.visible_probabilities(h)
        return p

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
    ) -> list[float]:
        """Train the machine in place by stochastic gradient descent on contrastive divergence.

        Parameters
        ----------
        x
            Data in [0, 1], shape (N, n_visible); values between are taken for probabilities.
        epochs
            Passes over the data.
        batch_size
            Rows per batch; the last batch of an epoch may be smaller.
        lr
            The step size.
        rng
            Shuffles and samples. The same seed gives the same run.
        k
            Gibbs steps for each gradient.
        persistent
            Whether to use ``pcd_gradients``, with ``batch_size`` chains that are kept for the next
            call, in place of ``cd_gradients``. Parameters must change slowly then, or the chains
            get stuck: take a small step size and large batches.
        progress
            Whether to show a bar if training takes more than two seconds (needs tqdm).

        Returns
        -------
        list of float
            ``reconstruction_error`` on ``x`` after each epoch. If Ctrl-C interrupts training, there
            is a warning, the list is shorter, and the parameters are those of the last step.

        Raises
        ------
        TypeError, ValueError
            If an argument does not fit; nothing has been changed then.
        """
        x = self._rows("x", x, self.n_visible)
        if x.min() < 0 or x.max() > 1:
            raise ValueError(f"x: expected numbers in [0, 1], got {x.min():.3g}..{x.max():.3g}")
        epochs, batch_size = (
            _arguments.count("epochs", epochs),
            _arguments.count("batch_size", batch_size),
        )
        lr, k = _arguments.number("lr", lr, "(0, inf)"), _arguments.count("k", k)
        _arguments.generator("rng", rng)

        errors: list[float] = []
        try:
            for _ in progress_bar(range(epochs), "epochs", progress):
                order = rng.permutation(len(x))
                for start in range(0, len(x), batch_size):
                    batch = x[order[start : start + batch_size]]
                    dW, db, dc = self._gradients(batch, batch_size, k, persistent, rng)
                    self.W -= lr * dW
                    self.b -= lr * db
                    self.c -= lr * dc
                errors.append(self.reconstruction_error(x))
        except KeyboardInterrupt:
            message = f"training was interrupted after {len(errors)} of {epochs} epochs"
            warnings.warn(message, stacklevel=2)
        return errors

    def _gradients(
        self, v: Array, batch_size: int, k: int, persistent: bool, rng: np.random.Generator
    ) -> tuple[Array, Array, Array]:
        if not persistent:
            return cd_gradients(v, self.W, self.b, self.c, k, rng)
        if self.chains is None or len(self.chains) != batch_size:
            coins = np.full((batch_size, self.n_visible), 0.5, self.W.dtype)
            self.chains = self.sample_hidden(_sample(coins, rng), rng)
        *gradients, self.chains = pcd_gradients(v, self.chains, self.W, self.b, self.c, rng, k)
        return gradients[0], gradients[1], gradients[2]

    def _rows(self, name: str, value: npt.ArrayLike, width: int) -> Array:
        rows = _arguments.floats(name, value, shape=("N", width))
        return rows.astype(self.W.dtype, copy=False)
