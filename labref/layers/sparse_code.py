"""A layer that makes the code of an autoencoder sparse."""

from __future__ import annotations

from labref import _arguments
from labref._arguments import Array
from labref.layers.layer import Layer
from labref.pretraining import sparsity


class SparseCode(Layer):
    """Passes activations on, and adds a cost for means that are not as small as wanted.

    In training, the penalty lam times ``kl_sparsity`` is added to the cost, and its gradient to
    the gradient that passes through. Otherwise the layer does nothing. Put it after a layer of
    sigmoid units: the penalty is for activations between 0 and 1.

    Parameters
    ----------
    alpha
        The mean activation wanted of every unit, in (0, 1).
    lam
        Weight of the penalty, at least 0.

    Raises
    ------
    TypeError, ValueError
        If ``alpha`` or ``lam`` is not a number in that range.

    Notes
    -----
    Equations: eq-kl-sparsity, eq-kl-sparsity-grad, eq-sparse-delta.
    Means are taken over the batch, so batches should not be small. Deck A uses alpha = 0.2 and
    lam = 0.1. Source: Lee, Ekanadham and Ng (2008); the KL form is Ng's (2011).
    """

    def __init__(self, alpha: float, lam: float) -> None:
        self.alpha = _arguments.number("alpha", alpha, "(0, 1)")
        self.lam = _arguments.number("lam", lam, "[0, inf)")
        self._penalty_grad: Array | float = 0.0

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return ``x`` (N, n_hidden); in training, set ``penalty``."""
        self.penalty, self._penalty_grad = 0.0, 0.0
        if training:
            self.penalty = self.lam * sparsity._value(x, self.alpha)
            self._penalty_grad = self.lam * sparsity._row_gradient(x, self.alpha)
        return x

    def backward(self, grad_y: Array, need_dx: bool = True) -> Array | None:
        """Return the gradient at the input, shape (N, n_hidden): the penalty's part is added."""
        return grad_y + self._penalty_grad if need_dx else None
