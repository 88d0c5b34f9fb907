"""A network: layers in a row, a loss on top, and all parameters in one vector."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from labref import _arguments
from labref._arguments import Array
from labref._arrays import aligned_zeros
from labref.activations import Activation
from labref.layers import Dense, Layer
from labref.losses import Loss, SoftmaxCrossEntropy


class Network:
    """Layers in a row with a loss on top.

    The parameters of all layers lie in one flat vector, and so do their gradients; each layer's
    ``W`` and ``dW`` are views into them. An optimizer therefore sees two vectors, whatever the
    network looks like.

    Parameters
    ----------
    layers
        The layers, first to last. The network takes them over.
    loss
        The loss, which also says how outputs become predictions.

    Attributes
    ----------
    layers, loss
        As given.
    parameters, gradient
        The flat vectors, shape (n_parameters,). ``train`` lets the optimizer overwrite
        ``gradient``; ask ``loss_and_gradient`` for one to keep.

    Raises
    ------
    ValueError
        If there is no layer, sizes of neighbours differ, or dtypes do.

    Notes
    -----
    Equations: eq-backprop-init, eq-backprop-step.
    """

    def __init__(self, layers: Sequence[Layer], loss: Loss) -> None:
        self.layers = list(layers)
        self.loss = loss
        if not self.layers:
            raise ValueError("layers: expected at least one layer, got none")
        for below, above in zip(self.layers, self.layers[1:], strict=False):
            if below.n_out != above.n_in:
                raise ValueError(
                    f"layers: a layer with {below.n_out} outputs is followed by one "
                    f"with {above.n_in} inputs"
                )
        self._gather()

    def _gather(self) -> None:
        """Move the layers' parameters into one vector, and make the layers look into it."""
        slots = [(layer, name) for layer in self.layers for name in layer.parameter_names]
        arrays = [getattr(layer, name) for layer, name in slots]
        dtypes = {array.dtype for array in arrays}
        if len(dtypes) > 1:
            raise ValueError(f"layers: expected one dtype, got {', '.join(map(str, dtypes))}")
        size = sum(array.size for array in arrays)
        self.parameters = aligned_zeros(size, arrays[0].dtype)
        self.gradient = aligned_zeros(size, arrays[0].dtype)
        np.concatenate([array.ravel() for array in arrays], out=self.parameters)
        start = 0
        for (layer, name), array in zip(slots, arrays, strict=True):
            stop = start + array.size
            setattr(layer, name, self.parameters[start:stop].reshape(array.shape))
            setattr(layer, "d" + name, self.gradient[start:stop].reshape(array.shape))
            start = stop

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore a copied or unpickled network: its layers must look into its own vectors."""
        self.__dict__.update(state)
        self._gather()

    def forward(self, x: npt.ArrayLike) -> Array:
        """Return the last layer's outputs, shape (N, n_out), for inputs ``x`` (N, n_in).

        ``x`` is brought to the dtype of the parameters.

        Raises
        ------
        TypeError, ValueError
            If ``x`` is not finite real numbers of that shape.
        """
        return self._forward(self._check_x(x))

    def predict(self, x: npt.ArrayLike) -> Array:
        """Return predictions for ``x`` (N, n_in): class probabilities, or values.

        Takes and raises what ``forward`` does.
        """
        return self.loss.predict(self.forward(x))

    def classify(self, x: npt.ArrayLike) -> npt.NDArray[np.intp]:
        """Return the likeliest class of each row of ``x``, shape (N,), as integers.

        Takes and raises what ``forward`` does.
        """
        p = self.predict(x)
        return p.argmax(axis=1) if p.shape[1] > 1 else (p[:, 0] > 0.5).astype(np.intp)

    def loss_and_gradient(self, x: npt.ArrayLike, targets: npt.ArrayLike) -> tuple[float, Array]:
        """Return the mean loss on a batch and its gradient at all parameters.

        Parameters
        ----------
        x
            Inputs, shape (N, n_in).
        targets
            What the loss compares with: labels (N,), or values (N, n_out).

        Returns
        -------
        loss, gradient
            The loss, and a new vector of shape (n_parameters,).

        Raises
        ------
        TypeError, ValueError
            If ``x`` or ``targets`` do not fit the network.
        """
        x = self._check_x(x)
        targets = self._check_targets(targets, len(x))
        outputs = self._backpropagate(x, targets)
        return self.loss.value(outputs, targets), self.gradient.copy()

    def mean_loss(self, x: npt.ArrayLike, targets: npt.ArrayLike) -> float:
        """Return the mean loss; takes and raises what ``loss_and_gradient`` does."""
        x = self._check_x(x)
        targets = self._check_targets(targets, len(x))
        return self.loss.value(self._forward(x), targets)

    def accuracy(self, x: npt.ArrayLike, labels: npt.ArrayLike) -> float:
        """Return the fraction of rows of ``x`` (N, n_in) whose class is ``labels`` (N,)."""
        predicted = self.classify(x)
        n_classes = max(self.layers[-1].n_out, 2)
        labels = _arguments.labels("labels", labels, len(predicted), n_classes)
        return float((predicted == labels).mean())

    def _check_x(self, x: npt.ArrayLike) -> Array:
        x = _arguments.floats("x", x, shape=("N", self.layers[0].n_in))
        return x.astype(self.parameters.dtype, copy=False)

    def _check_targets(self, targets: npt.ArrayLike, n: int) -> Array:
        outputs = np.empty((n, self.layers[-1].n_out), self.parameters.dtype)
        return self.loss.check(outputs, targets)

    def _forward(self, x: Array) -> Array:
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def _backpropagate(self, x: Array, targets: Array) -> Array:
        """Fill ``gradient`` for a batch that has been checked; return the outputs."""
        outputs = self._forward(x)
        grad: Array | None = self.loss.grad(outputs, targets)
        for layer in reversed(self.layers):
            assert grad is not None
            grad = layer.backward(grad, need_dx=layer is not self.layers[0])
        return outputs


def dense_network(
    sizes: Sequence[int],
    rng: np.random.Generator,
    activation: str | Activation = "sigmoid",
    loss: Loss | None = None,
    dtype: npt.DTypeLike = np.float64,
) -> Network:
    """Return a network of dense layers with random weights and zero biases.

    Parameters
    ----------
    sizes
        Units per layer, inputs first: ``[784, 30, 10]``.
    rng
        Source of the weights.
    activation
        Of the hidden layers; the last layer is linear, its function being part of the loss.
    loss
        ``SoftmaxCrossEntropy()`` if not given.
    dtype
        Of the parameters, float32 or float64.

    Raises
    ------
    TypeError, ValueError
        If there are fewer than two sizes, or one is not a positive integer.
    """
    if len(sizes) < 2:
        raise ValueError(f"sizes: expected inputs and outputs at least, got {list(sizes)}")
    activations = [activation] * (len(sizes) - 2) + ["identity"]
    layers = [
        Dense.random(n_in, n_out, f, rng, dtype)
        for n_in, n_out, f in zip(sizes, sizes[1:], activations, strict=False)
    ]
    return Network(layers, loss or SoftmaxCrossEntropy())
