"""What happens inside a network: sizes of activations and gradients, dead units, shifting inputs.

The functions of a network measure it as in training, on a copy: the network stays as it is.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from labref import _arguments
from labref._arguments import Array
from labref.activations import Activation, get_activation
from labref.layers import Dense, dense_forward
from labref.losses import SoftmaxCrossEntropy
from labref.network import Network


def bias_gradient_norms(
    x: npt.ArrayLike,
    labels: npt.ArrayLike,
    Ws: Sequence[npt.ArrayLike],
    bs: Sequence[npt.ArrayLike],
) -> list[float]:
    """Norms of the gradients at the biases of the hidden layers: how fast each layer learns.

    Parameters
    ----------
    x
        Inputs, shape (N, n_in).
    labels
        True classes, integers of shape (N,).
    Ws, bs
        Weights (n_out, n_in) and biases (n_out,) of each layer, first to last: sigmoid hidden
        layers, softmax at the end.

    Returns
    -------
    list of float
        The Euclidean norm of dC/db per hidden layer, C being the mean cross-entropy.

    Raises
    ------
    TypeError, ValueError
        If arrays are not finite real numbers of shapes that fit, or a label is out of range.

    Notes
    -----
    Equation: eq-bias-gradient-norm. Source: Nielsen (2015).
    """
    layers = dense_layers(Ws, bs, "sigmoid")
    Network(layers, SoftmaxCrossEntropy()).loss_and_gradient(x, labels)
    return [float(np.linalg.norm(layer.db)) for layer in layers[:-1]]


def dense_layers(
    Ws: Sequence[npt.ArrayLike], bs: Sequence[npt.ArrayLike], activation: str | Activation
) -> list[Dense]:
    """Return dense layers with copies of these weights and biases, the last one linear.

    Raises
    ------
    TypeError, ValueError
        If the arrays are not finite real numbers of shapes that fit each other.
    """
    if len(Ws) == 0 or len(Ws) != len(bs):
        raise ValueError(
            f"Ws, bs: expected one of each per layer, got {len(Ws)} weights and {len(bs)} biases"
        )
    layers: list[Dense] = []
    for i, (W, b) in enumerate(zip(Ws, bs, strict=True)):
        n_in = layers[-1].n_out if layers else "n_in"
        W = _arguments.floats(f"Ws[{i}]", W, shape=("n_out", n_in))
        b = _arguments.floats(f"bs[{i}]", b, shape=(len(W),))
        layers.append(Dense(W, b, activation if i < len(Ws) - 1 else "identity"))
    return layers


def activation_stds(
    x: npt.ArrayLike, Ws: Sequence[npt.ArrayLike], f: Callable[[Array], Array]
) -> list[float]:
    """Standard deviations of the activations of layers without biases.

    Parameters
    ----------
    x
        Inputs, shape (N, n_in).
    Ws
        Weights (n_out, n_in) of each layer, first to last.
    f
        The activation of every layer, elementwise.

    Returns
    -------
    list of float
        Per layer, over all rows and units.

    Raises
    ------
    TypeError, ValueError
        If arrays are not finite real numbers of shapes that fit.

    Notes
    -----
    Equation: eq-spread.
    """
    y = _arguments.floats("x", x, shape=("N", "n_in"))
    stds = []
    for i, W in enumerate(Ws):
        y = f(y @ _arguments.floats(f"Ws[{i}]", W, shape=("n_out", y.shape[1])).T)
        stds.append(float(y.std()))
    return stds


def dead_relu_fraction(x: npt.ArrayLike, W: npt.ArrayLike, b: npt.ArrayLike) -> float:
    """Return the fraction of ReLU units that are off for every row of ``x``.

    Parameters
    ----------
    x
        Inputs, shape (N, n_in).
    W, b
        Weights (n_out, n_in) and biases (n_out,) of the layer.

    Returns
    -------
    float
        Between 0 and 1. A unit is off where its pre-activation is at most 0: no gradient passes.

    Raises
    ------
    TypeError, ValueError
        If an argument is not finite real numbers of that shape.

    Notes
    -----
    Equation: eq-dead-relu.
    """
    return float((dense_forward(x, W, b) <= 0).all(axis=0).mean())


def gradient_norms(
    network: Network, x: npt.ArrayLike, targets: npt.ArrayLike
) -> list[dict[str, float]]:
    """Norms of the gradients at the parameters of every layer.

    Parameters
    ----------
    network
        The network.
    x, targets
        A batch, as for ``network.loss_and_gradient``.

    Returns
    -------
    list of dict
        Per layer, the Euclidean norm by the parameter's name; empty where there are no parameters.

    Raises
    ------
    TypeError, ValueError
        If ``x`` or ``targets`` do not fit the network.
    """
    network = copy.deepcopy(network)
    network.loss_and_gradient(x, targets)
    return [
        {name: float(np.linalg.norm(getattr(layer, "d" + name))) for name in layer.parameter_names}
        for layer in network.layers
    ]


def layer_signals(
    network: Network, x: npt.ArrayLike, targets: npt.ArrayLike
) -> tuple[list[Array], list[Array]]:
    """Return what every layer puts out and what comes back to it.

    Parameters
    ----------
    network
        The network.
    x, targets
        A batch, as for ``network.loss_and_gradient``.

    Returns
    -------
    outputs, gradients
        Per layer its output (N, ...), and the gradient of the mean loss there, of the same shape.

    Raises
    ------
    TypeError, ValueError
        If ``x`` or ``targets`` do not fit the network.

    Notes
    -----
    A row's gradient has the factor 1/N of the mean in it.
    """
    network = copy.deepcopy(network)
    x = network._check_x(x)
    targets = network._check_targets(targets, len(x))
    outputs = []
    for layer in network.layers:
        x = layer.forward(x, training=True)
        outputs.append(x)
    gradients = [network.loss.grad(x, targets)]
    for layer in reversed(network.layers[1:]):
        gradient = layer.backward(gradients[-1])
        assert gradient is not None
        gradients.append(gradient)
    return outputs, gradients[::-1]


def signal_stds(
    network: Network, x: npt.ArrayLike, targets: npt.ArrayLike
) -> tuple[list[float], list[float]]:
    """Return the standard deviations of every layer's output and of the gradient there.

    Takes and raises what ``layer_signals`` does.

    Notes
    -----
    Equation: eq-spread.
    """
    outputs, gradients = layer_signals(network, x, targets)
    return [float(y.std()) for y in outputs], [float(g.std()) for g in gradients]


def input_moments(network: Network, x: npt.ArrayLike) -> list[tuple[Array, Array]]:
    """Mean and standard deviation of what every layer gets, unit by unit.

    Parameters
    ----------
    network
        The network.
    x
        A batch, shape (N, *in_shape).

    Returns
    -------
    list of (mean, std)
        Per layer, over the rows of the batch; both have the shape of one input of the layer.

    Raises
    ------
    TypeError, ValueError
        If ``x`` does not fit the network.
    """
    network = copy.deepcopy(network)
    x = network._check_x(x)
    moments = []
    for layer in network.layers:
        moments.append((x.mean(axis=0), x.std(axis=0)))
        x = layer.forward(x, training=True)
    return moments


def input_shift(
    before: Sequence[tuple[Array, Array]], after: Sequence[tuple[Array, Array]]
) -> list[float]:
    """How far the inputs of every layer have moved between two calls of ``input_moments``.

    Parameters
    ----------
    before, after
        What ``input_moments`` returned for the same batch before and after some steps.

    Returns
    -------
    list of float
        Per layer sqrt(M / S): M is the mean over units of (change of mean)^2 + (change of std)^2,
        S the mean over units of the variance before. 1 is a move by a standard deviation.

    Raises
    ------
    ValueError
        If the two are not from networks of the same layers, or a layer's inputs did not vary.

    Notes
    -----
    Equation: eq-input-shift.
    M is the mean squared Wasserstein distance between normal distributions with these moments. It
    measures what Ioffe and Szegedy (2015) call internal covariate shift; Santurkar, Tsipras, Ilyas
    and Madry (2018) contest that this is what batch normalization helps against.
    """
    if len(before) != len(after):
        raise ValueError(f"after: expected {len(before)} layers, got {len(after)}")
    shifts = []
    for i, ((mean, std), (new_mean, new_std)) in enumerate(zip(before, after, strict=True)):
        _arguments.check_shape(f"after[{i}]", new_mean, mean.shape)
        if not std.any():
            raise ValueError(
                f"before[{i}]: expected inputs that vary, got a standard deviation of 0"
            )
        moved = np.mean((new_mean - mean) ** 2 + (new_std - std) ** 2)
        shifts.append(float(np.sqrt(moved / np.mean(std**2))))
    return shifts


def batchnorm_gain(activation: str | Activation) -> float:
    """Growth of gradients per layer, downwards, in a deep network with batch normalization.

    Parameters
    ----------
    activation
        What follows each normalization.

    Returns
    -------
    float
        sqrt(E f'(z)^2 / Var f(z)) for standard normal z: at least 1 if f has no jumps.

    Raises
    ------
    ValueError
        If no activation has that name.

    Notes
    -----
    Equation: eq-batchnorm-gain. Source: Yang, Pennington, Rao, Sohl-Dickstein and Schoenholz
    (2019). It holds for wide layers, at the start, whatever the scale of the weights.
    """
    activation = get_activation(activation)
    z = np.linspace(-10, 10, 20001)
    weight = np.exp(-(z**2) / 2)
    weight /= weight.sum()
    f = activation.function(z)
    slope = activation.derivative(z, f)
    return float(np.sqrt(weight @ slope**2 / (weight @ (f - weight @ f) ** 2)))


def gradient_shift(
    network: Network, x: npt.ArrayLike, targets: npt.ArrayLike, lr: float
) -> list[tuple[float, float]]:
    """By how much a step of the layers before it changes a layer's gradient.

    Parameters
    ----------
    network
        The network.
    x, targets
        A batch, as for ``network.loss_and_gradient``.
    lr
        Step size of gradient descent.

    Returns
    -------
    list of (distance, cosine)
        Per layer with weights, but for the first. With G the gradient at its parameters, and G'
        that after all layers before it have taken their step: |G' - G| / |G|, and the cosine of
        the angle between G' and G.

    Raises
    ------
    TypeError, ValueError
        If ``x`` or ``targets`` do not fit the network, or ``lr`` is not a positive number.

    Notes
    -----
    Equation: eq-gradient-shift. Source: Santurkar, Tsipras, Ilyas and Madry (2018), who define
    internal covariate shift so.
    """
    lr = _arguments.number("lr", lr, "(0, inf)")
    network = copy.deepcopy(network)
    cost = network.objective(x, targets)
    parameters = network.parameters.copy()
    _, gradient = cost(parameters)
    shifts, start = [], 0
    for layer in network.layers:
        stop = start + sum(getattr(layer, name).size for name in layer.parameter_names)
        if start > 0 and layer.weight_names:
            moved = parameters.copy()
            moved[:start] -= lr * gradient[:start]  # all layers before this one
            before, after = gradient[start:stop], cost(moved)[1][start:stop]
            size = np.linalg.norm(before)
            distance = np.linalg.norm(after - before) / size
            cosine = after @ before / (np.linalg.norm(after) * size)
            shifts.append((float(distance), float(cosine)))
        start = stop
    return shifts


def along_gradient(
    network: Network, x: npt.ArrayLike, targets: npt.ArrayLike, lrs: Sequence[float]
) -> tuple[list[float], float]:
    """Loss and change of the gradient along the line of a step of gradient descent.

    Parameters
    ----------
    network
        The network.
    x, targets
        A batch, as for ``network.loss_and_gradient``.
    lrs
        Step sizes: the points on the line are parameters - lr g, g being the gradient.

    Returns
    -------
    losses, change
        The loss at each point; and the largest |g' - g| / (lr |g|), g' being the gradient there.

    Raises
    ------
    TypeError, ValueError
        If ``x`` or ``targets`` do not fit the network, or a step size is not a positive number.

    Notes
    -----
    Equation: eq-gradient-change. Source: Santurkar, Tsipras, Ilyas and Madry (2018).
    """
    network = copy.deepcopy(network)
    cost = network.objective(x, targets)
    parameters = network.parameters.copy()
    _, gradient = cost(parameters)
    losses, changes = [], []
    for i, lr in enumerate(lrs):
        step = _arguments.number(f"lrs[{i}]", lr, "(0, inf)") * gradient
        loss, there = cost(parameters - step)
        losses.append(loss)
        changes.append(float(np.linalg.norm(there - gradient) / np.linalg.norm(step)))
    return losses, max(changes)
