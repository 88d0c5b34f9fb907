"""A network: layers in a row, a loss on top, and all parameters in one vector."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from labref import _arguments
from labref._arguments import Array
from labref._arrays import aligned_zeros
from labref.activations import Activation
from labref.initializers import Initializer, lecun_normal
from labref.layers import Dense, Layer
from labref.losses import Loss, SoftmaxCrossEntropy
from labref.regularization.penalties import Penalty

_ROWS_AT_A_TIME = 1000


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
    in_shape
        Shape of one input, such as (1, 28, 28). Not needed if the first layer is dense.
    weight_penalty
        Added to the loss for every layer's weights, but not for biases.

    Attributes
    ----------
    layers, loss, weight_penalty
        As given.
    in_shape, out_shape
        Shapes of one input and of one output.
    parameters, gradient
        The flat vectors, shape (n_parameters,). ``train`` lets the optimizer overwrite
        ``gradient``; ask ``loss_and_gradient`` for one to keep.

    Raises
    ------
    ValueError
        If there is no layer, a layer cannot take what the one before it gives, or dtypes differ.

    Notes
    -----
    Equations: eq-backprop-init, eq-backprop-step.
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        loss: Loss,
        in_shape: Sequence[int] | None = None,
        weight_penalty: Penalty | None = None,
    ) -> None:
        self.layers = list(layers)
        self.loss = loss
        self.weight_penalty = weight_penalty
        if not self.layers:
            raise ValueError("layers: expected at least one layer, got none")
        if in_shape is None:
            if not isinstance(self.layers[0], Dense):
                raise ValueError("in_shape: expected the shape of one input, got None")
            in_shape = (self.layers[0].n_in,)
        self.in_shape = tuple(_arguments.count("in_shape", size) for size in in_shape)
        self.out_shape = self._check_layers()
        self._gather()

    def _check_layers(self) -> tuple[int, ...]:
        """Return the shape of one output, or raise if a layer does not fit the one before it."""
        shape = self.in_shape
        for i, layer in enumerate(self.layers):
            try:
                shape = layer.out_shape(shape)
            except ValueError as error:
                name = type(layer).__name__
                raise ValueError(
                    f"layers: layer {i} of {len(self.layers)}, {name}: {error}"
                ) from None
        if len(shape) != 1:
            raise ValueError(f"layers: expected rows as output, got shape {shape}: end with Dense")
        return shape

    def _gather(self) -> None:
        """Move the layers' parameters into one vector, and make the layers look into it."""
        slots = [(layer, name) for layer in self.layers for name in layer.parameter_names]
        arrays = [getattr(layer, name) for layer, name in slots]
        dtypes = {array.dtype for array in arrays}
        if len(dtypes) != 1:
            found = ", ".join(map(str, dtypes)) or "no parameters"
            raise ValueError(f"layers: expected parameters of one dtype, got {found}")
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

    def state(self) -> dict[str, Array]:
        """Return copies of the parameters and of the layers' states, such as running means."""
        arrays = {"parameters": self.parameters.copy()}
        for i, layer in enumerate(self.layers):
            for name in layer.state_names:
                arrays[f"layers/{i}/{name}"] = getattr(layer, name).copy()
        return arrays

    def set_state(self, state: dict[str, Array]) -> None:
        """Take over what ``state`` returned, of this network or of one built like it.

        Raises
        ------
        ValueError
            If an array is missing, unknown, or of another shape or dtype; nothing is changed then.
        """
        mine = self.state()
        if state.keys() != mine.keys():
            raise ValueError(f"state: expected {', '.join(mine)}, got {', '.join(state)}")
        for name, array in mine.items():
            found = state[name]
            if (found.shape, found.dtype) != (array.shape, array.dtype):
                raise ValueError(
                    f"state: {name}: expected shape {array.shape} and {array.dtype}, "
                    f"got {found.shape} and {found.dtype}"
                )
        self.parameters[...] = state["parameters"]
        for i, layer in enumerate(self.layers):
            for name in layer.state_names:
                setattr(layer, name, state[f"layers/{i}/{name}"].copy())

    def forward(self, x: npt.ArrayLike) -> Array:
        """Return the last layer's outputs, shape (N, n_out), for inputs ``x`` (N, *in_shape).

        ``x`` is brought to the dtype of the parameters. Dropout and the like are off, as in all
        methods but ``loss_and_gradient`` and in training.

        Raises
        ------
        TypeError, ValueError
            If ``x`` is not finite real numbers of that shape.
        """
        return self._forward(self._check_x(x))

    def predict(self, x: npt.ArrayLike) -> Array:
        """Return predictions for ``x`` (N, *in_shape): class probabilities, or values.

        Takes and raises what ``forward`` does.
        """
        return self.loss.predict(self._outputs(self._check_x(x)))

    def classify(self, x: npt.ArrayLike) -> npt.NDArray[np.intp]:
        """Return the likeliest class of each row of ``x``, shape (N,), as integers.

        Takes and raises what ``forward`` does.
        """
        return self._classes(self._outputs(self._check_x(x)))

    def loss_and_gradient(self, x: npt.ArrayLike, targets: npt.ArrayLike) -> tuple[float, Array]:
        """Return the cost of a batch, as in training, and its gradient at all parameters.

        Parameters
        ----------
        x
            Inputs, shape (N, *in_shape).
        targets
            What the loss compares with: labels (N,), or values (N, n_out).

        Returns
        -------
        cost, gradient
            The mean loss plus all penalties, and a new vector of shape (n_parameters,).

        Raises
        ------
        TypeError, ValueError
            If ``x`` or ``targets`` do not fit the network.
        """
        return self.objective(x, targets)(self.parameters)

    def objective(
        self, x: npt.ArrayLike, targets: npt.ArrayLike
    ) -> Callable[[Array], tuple[float, Array]]:
        """Return the cost of this batch and its gradient as a function of the parameters.

        This is what the minimizers of ``labref.minimize`` take. A call leaves the network with the
        parameters it was asked about.

        Takes and raises what ``loss_and_gradient`` does.
        """
        x = self._check_x(x)
        targets = self._check_targets(targets, len(x))

        def cost(parameters: Array) -> tuple[float, Array]:
            self.parameters[...] = parameters
            outputs = self._backpropagate(x, targets)
            return self.loss.value(outputs, targets) + self.penalty(), self.gradient.copy()

        return cost

    def penalty(self) -> float:
        """Return what the weight penalty and the layers add to the loss (in their last pass)."""
        total = sum(layer.penalty for layer in self.layers)
        if self.weight_penalty is not None:
            total += sum(self.weight_penalty.value(W) for W, _ in self._weights())
        return total

    def _weights(self) -> list[tuple[Array, Array]]:
        """Return each array of weights with its gradient."""
        return [
            (getattr(layer, name), getattr(layer, "d" + name))
            for layer in self.layers
            for name in layer.weight_names
        ]

    def mean_loss(self, x: npt.ArrayLike, targets: npt.ArrayLike) -> float:
        """Return the mean loss, without penalties.

        Takes and raises what ``loss_and_gradient`` does.
        """
        x = self._check_x(x)
        targets = self._check_targets(targets, len(x))
        return self.loss.value(self._outputs(x), targets)

    def accuracy(self, x: npt.ArrayLike, labels: npt.ArrayLike) -> float:
        """Return the fraction of rows of ``x`` (N, *in_shape) whose class is ``labels`` (N,)."""
        predicted = self.classify(x)
        n_classes = max(self.out_shape[0], 2)
        labels = _arguments.labels("labels", labels, len(predicted), n_classes)
        return float((predicted == labels).mean())

    def _check_x(self, x: npt.ArrayLike) -> Array:
        x = _arguments.floats("x", x, shape=("N", *self.in_shape))
        return x.astype(self.parameters.dtype, copy=False)

    def _check_targets(self, targets: npt.ArrayLike, n: int) -> Array:
        outputs = np.empty((n, *self.out_shape), self.parameters.dtype)
        return self.loss.check(outputs, targets)

    def _outputs(self, x: Array) -> Array:
        """Return the outputs, computed some rows at a time: layers keep what they are given."""
        blocks = (x[start : start + _ROWS_AT_A_TIME] for start in range(0, len(x), _ROWS_AT_A_TIME))
        return np.concatenate([self._forward(block) for block in blocks])

    def _classes(self, outputs: Array) -> npt.NDArray[np.intp]:
        p = self.loss.predict(outputs)
        return p.argmax(axis=1) if p.shape[1] > 1 else (p[:, 0] > 0.5).astype(np.intp)

    def _forward(self, x: Array, training: bool = False) -> Array:
        for layer in self.layers:
            x = layer.forward(x, training)
        return x

    def _backpropagate(self, x: Array, targets: Array) -> Array:
        """Fill ``gradient`` for a batch that has been checked; return the outputs."""
        outputs = self._forward(x, training=True)
        grad: Array | None = self.loss.grad(outputs, targets)
        for layer in reversed(self.layers):
            assert grad is not None
            grad = layer.backward(grad, need_dx=layer is not self.layers[0])
        if self.weight_penalty is not None:
            for W, dW in self._weights():
                dW += self.weight_penalty.grad(W)
        return outputs


def dense_network(
    sizes: Sequence[int],
    rng: np.random.Generator,
    activation: str | Activation = "sigmoid",
    loss: Loss | None = None,
    dtype: npt.DTypeLike = np.float64,
    initializer: Initializer = lecun_normal,
    weight_penalty: Penalty | None = None,
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
    initializer
        Draws each layer's weights (see ``labref.initializers``).
    weight_penalty
        Added to the loss.

    Raises
    ------
    TypeError, ValueError
        If there are fewer than two sizes, or one is not a positive integer.
    """
    if len(sizes) < 2:
        raise ValueError(f"sizes: expected inputs and outputs at least, got {list(sizes)}")
    activations = [activation] * (len(sizes) - 2) + ["identity"]
    layers = [
        Dense.random(n_in, n_out, f, rng, dtype, initializer)
        for n_in, n_out, f in zip(sizes, sizes[1:], activations, strict=False)
    ]
    return Network(layers, loss or SoftmaxCrossEntropy(), weight_penalty=weight_penalty)
