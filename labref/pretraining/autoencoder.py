"""Autoencoders: networks that are trained to give back what they are given."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt

from labref import _arguments
from labref._arguments import Array
from labref.activations import SIGMOID, sigmoid
from labref.layers import Dense, Layer, SparseCode
from labref.losses import Loss, SquaredError
from labref.network import Network
from labref.pretraining.sparsity import kl_sparsity, kl_sparsity_grad
from labref.regularization.penalties import Penalty


def autoencoder_gradients(
    x: npt.ArrayLike,
    W: npt.ArrayLike,
    b: npt.ArrayLike,
    V: npt.ArrayLike,
    c: npt.ArrayLike,
    lam: float,
    alpha: float,
) -> tuple[float, Array, Array, Array, Array]:
    """Cost and gradients of a sparse autoencoder with sigmoid code and linear decoder.

    Parameters
    ----------
    x
        Inputs, which are the targets too, shape (N, n_in).
    W, b
        The encoder's weights (n_hidden, n_in) and biases (n_hidden,).
    V, c
        The decoder's weights (n_in, n_hidden) and biases (n_in,).
    lam
        Weight of the sparsity penalty, at least 0; 0 for the plain autoencoder.
    alpha
        The mean activation wanted of every hidden unit, in (0, 1).

    Returns
    -------
    loss, dW, db, dV, dc
        The mean over rows of half the squared distance between reconstruction and input, plus
        lam times ``kl_sparsity`` of the code; and its gradients, shaped like the parameters.

    Raises
    ------
    TypeError, ValueError
        If an array is not finite real numbers of that shape, or a number is out of range.

    Notes
    -----
    Equations: eq-autoencoder, eq-autoencoder-loss, eq-autoencoder-deltas,
    eq-autoencoder-gradients, eq-sparse-delta.
    H = sigmoid(x W^T + b), reconstruction H V^T + c. Deck A labels the error of the first layer
    Delta(2); it is Delta(1), ``delta_1`` here, and the factor sigmoid' belongs to it. Deck A leaves
    the biases out, deck B prints the squared distance without the half.
    Source: Bengio, Lamblin, Popovici and Larochelle (2007); Ng (2011) for the penalty.
    """
    W = _arguments.floats("W", W, shape=("n_hidden", "n_in"))
    n_hidden, n_in = W.shape
    x = _arguments.floats("x", x, shape=("N", n_in))
    b = _arguments.floats("b", b, shape=(n_hidden,))
    V = _arguments.floats("V", V, shape=(n_in, n_hidden))
    c = _arguments.floats("c", c, shape=(n_in,))
    lam = _arguments.number("lam", lam, "[0, inf)")

    H = sigmoid(x @ W.T + b)
    error = H @ V.T + c - x
    loss = 0.5 * float((error**2).sum()) / len(x) + lam * kl_sparsity(H, alpha)

    delta_2 = error / len(x)
    delta_1 = (delta_2 @ V + lam * kl_sparsity_grad(H, alpha)) * H * (1 - H)
    return loss, delta_1.T @ x, delta_1.sum(axis=0), delta_2.T @ H, delta_2.sum(axis=0)


class TiedDecoder(Layer):
    """A decoder whose weights are the encoder's, transposed: y = h W + b.

    The weights are the encoder's parameter, not this layer's; ``Autoencoder`` adds ``dW_tied``,
    what they get from here, to the encoder's gradient.

    Parameters
    ----------
    encoder
        The layer whose weights W (n_hidden, n_in) are used.

    Attributes
    ----------
    b, db
        The biases, shape (n_in,), zero at first, and their gradient.
    dW_tied
        Gradient at the encoder's W by way of this layer, shape (n_hidden, n_in).

    Notes
    -----
    Equation: eq-tied-gradient.
    """

    parameter_names: ClassVar[tuple[str, ...]] = ("b",)

    def __init__(self, encoder: Dense) -> None:
        self.encoder = encoder
        self.b = np.zeros(encoder.n_in, encoder.W.dtype)
        self.db = np.zeros_like(self.b)
        self.dW_tied = np.zeros_like(encoder.W)

    def out_shape(self, in_shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return (n_in,); raise ValueError if ``in_shape`` is not (n_hidden,)."""
        if in_shape != (self.encoder.n_out,):
            raise ValueError(f"expected inputs of shape ({self.encoder.n_out},), got {in_shape}")
        return (self.encoder.n_in,)

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return the output (N, n_in) for a code ``x`` (N, n_hidden)."""
        self.x = x
        return x @ self.encoder.W + self.b

    def backward(self, grad_y: Array, need_dx: bool = True) -> Array | None:
        """Fill db and dW_tied; return the gradient at the code."""
        np.dot(self.x.T, grad_y, out=self.dW_tied)
        grad_y.sum(axis=0, out=self.db)
        return grad_y @ self.encoder.W.T if need_dx else None


class Autoencoder(Network):
    """A network of two layers that reconstructs its inputs from a hidden code.

    Train it with ``labref.training.train``, the inputs being the targets. With noise as
    ``augment``, it is a denoising autoencoder: the noise is on the inputs only.

    Parameters
    ----------
    encoder
        From n_in inputs to n_hidden units of code.
    decoder
        Back again: a linear ``Dense``, or ``TiedDecoder(encoder)``.
    loss
        ``SquaredError()``, if not given, for a linear decoder; ``BinaryCrossEntropy()`` makes it a
        sigmoid one, for inputs between 0 and 1.
    sparse
        The sparsity penalty, if the code is to be sparse. The encoder must be sigmoid.
    weight_penalty
        As for any network; tied weights are counted once.

    Attributes
    ----------
    encoder, decoder
        As given.

    Raises
    ------
    ValueError
        If the layers do not fit each other.

    Notes
    -----
    Equations: eq-autoencoder, eq-autoencoder-loss, eq-tied-gradient, eq-denoising-loss,
    eq-denoising-gradients.
    Deck A's W-dagger for the decoder's weights is not a pseudoinverse: they are either free, or
    (tied) the encoder's transposed. Source: Bengio, Lamblin, Popovici and Larochelle (2007);
    Vincent, Larochelle, Lajoie, Bengio and Manzagol (2010) for denoising.
    """

    def __init__(
        self,
        encoder: Dense,
        decoder: Dense | TiedDecoder,
        loss: Loss | None = None,
        sparse: SparseCode | None = None,
        weight_penalty: Penalty | None = None,
    ) -> None:
        if isinstance(decoder, TiedDecoder) and decoder.encoder is not encoder:
            raise ValueError("decoder: expected to be tied to the encoder, got another layer's")
        if sparse is not None and encoder.activation is not SIGMOID:
            raise ValueError(
                f"encoder: expected sigmoid units for a sparse code, got {encoder.activation.name}"
            )
        self.encoder, self.decoder = encoder, decoder
        code: list[Layer] = [encoder] if sparse is None else [encoder, sparse]
        super().__init__([*code, decoder], loss or SquaredError(), weight_penalty=weight_penalty)
        if self.out_shape != self.in_shape:
            raise ValueError(f"decoder: expected outputs {self.in_shape}, got {self.out_shape}")

    @classmethod
    def random(
        cls,
        n_in: int,
        n_hidden: int,
        rng: np.random.Generator,
        *,
        tied: bool = False,
        loss: Loss | None = None,
        sparse: SparseCode | None = None,
        dtype: npt.DTypeLike = np.float64,
    ) -> Self:
        """Return an autoencoder with sigmoid code, random weights and zero biases.

        Parameters
        ----------
        n_in, n_hidden
            Inputs, and units of the code.
        rng
            Source of the weights.
        tied
            Whether the decoder uses the encoder's weights.
        loss, sparse
            As for the class.
        dtype
            Of the parameters, float32 or float64.

        Raises
        ------
        TypeError, ValueError
            If a size is not a positive integer, or ``rng`` not a Generator.
        """
        n_in, n_hidden = _arguments.count("n_in", n_in), _arguments.count("n_hidden", n_hidden)
        encoder = Dense.random(n_in, n_hidden, SIGMOID, rng, dtype)
        decoder: Dense | TiedDecoder = (
            TiedDecoder(encoder) if tied else Dense.random(n_hidden, n_in, "identity", rng, dtype)
        )
        return cls(encoder, decoder, loss, sparse)

    @property
    def filters(self) -> Array:
        """What each hidden unit looks for, one per row: the encoder's weights, (n_hidden, n_in)."""
        return self.encoder.W

    def encode(self, x: npt.ArrayLike) -> Array:
        """Return the code of ``x`` (N, n_in), shape (N, n_hidden)."""
        return self.encoder.forward(self._check_x(x))

    def reconstruct(self, x: npt.ArrayLike) -> Array:
        """Return what the autoencoder makes of ``x``, of the same shape (N, n_in)."""
        return self.predict(x)

    def _backpropagate(self, x: Array, targets: Array) -> Array:
        """Fill ``gradient`` as every network does; tied weights get it from both their uses."""
        outputs = super()._backpropagate(x, targets)
        if isinstance(self.decoder, TiedDecoder):
            self.encoder.dW += self.decoder.dW_tied
        return outputs
