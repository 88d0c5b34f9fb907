"""One example of every layer, for the tests that hold for all of them."""

from collections.abc import Callable

import numpy as np

from labref.layers import (
    Activate,
    AveragePool2D,
    BatchNorm,
    Conv2D,
    Dense,
    DropConnect,
    Dropout,
    Flatten,
    Layer,
    LayerNorm,
    MaxPool2D,
    NoisyReLU,
    Recurrent,
    Shakeout,
    SparseCode,
    Whiteout,
)


def _activate(rng: np.random.Generator) -> tuple[Layer, tuple[int, ...]]:
    return Activate("elu"), (2, 3, 4)


def _average_pool(rng: np.random.Generator) -> tuple[Layer, tuple[int, ...]]:
    return AveragePool2D(2), (2, 5, 4)


def _batchnorm(rng: np.random.Generator) -> tuple[Layer, tuple[int, ...]]:
    return _random_parameters(BatchNorm(4), rng), (4,)


def _batchnorm_of_images(rng: np.random.Generator) -> tuple[Layer, tuple[int, ...]]:
    return _random_parameters(BatchNorm(2), rng), (2, 3, 4)


def _conv(rng: np.random.Generator) -> tuple[Layer, tuple[int, ...]]:
    W = rng.standard_normal((3, 2, 3, 2))
    return Conv2D(W, rng.standard_normal(3), "tanh", stride=2, pad=1), (2, 4, 5)


def _conv_with_untied_bias(rng: np.random.Generator) -> tuple[Layer, tuple[int, ...]]:
    return Conv2D(rng.standard_normal((3, 2, 2, 3)), rng.standard_normal((3, 3, 2))), (2, 4, 4)


def _dense(rng: np.random.Generator) -> tuple[Layer, tuple[int, ...]]:
    W = rng.standard_normal((3, 4))
    return Dense(W, rng.standard_normal(3), "tanh"), (4,)


def _dropconnect(rng: np.random.Generator) -> tuple[Layer, tuple[int, ...]]:
    return DropConnect(Dense.random(4, 3, "tanh", rng), 0.6, rng), (4,)


def _dropout(rng: np.random.Generator) -> tuple[Layer, tuple[int, ...]]:
    return Dropout(0.6, rng), (2, 3, 4)


def _dropout_scaled_at_test_time(rng: np.random.Generator) -> tuple[Layer, tuple[int, ...]]:
    return Dropout(0.6, rng, inverted=False), (4,)


def _flatten(rng: np.random.Generator) -> tuple[Layer, tuple[int, ...]]:
    return Flatten(), (2, 3, 4)


def _layernorm(rng: np.random.Generator) -> tuple[Layer, tuple[int, ...]]:
    return _random_parameters(LayerNorm(4), rng), (4,)


def _max_pool(rng: np.random.Generator) -> tuple[Layer, tuple[int, ...]]:
    return MaxPool2D(2), (2, 5, 4)


def _noisy_relu(rng: np.random.Generator) -> tuple[Layer, tuple[int, ...]]:
    return NoisyReLU(rng), (2, 3, 4)


def _recurrent(rng: np.random.Generator) -> tuple[Layer, tuple[int, ...]]:
    W_x, W_h, b = (rng.standard_normal(shape) for shape in ((3, 2), (3, 3), (3,)))
    return Recurrent(W_x, W_h, b), (4, 2)


def _recurrent_with_zoneout(rng: np.random.Generator) -> tuple[Layer, tuple[int, ...]]:
    return Recurrent.random(2, 3, rng, zoneout=0.4), (4, 2)


def _shakeout(rng: np.random.Generator) -> tuple[Layer, tuple[int, ...]]:
    return Shakeout(Dense.random(4, 3, "tanh", rng), 0.6, 0.3, rng), (4,)


def _sparse_code(rng: np.random.Generator) -> tuple[Layer, tuple[int, ...]]:
    return SparseCode(0.2, 0.7), (4,)


def _whiteout(rng: np.random.Generator) -> tuple[Layer, tuple[int, ...]]:
    return Whiteout(Dense.random(4, 3, "tanh", rng), 0.5, 0.7, 0.1, rng), (4,)


def _whiteout_that_multiplies(rng: np.random.Generator) -> tuple[Layer, tuple[int, ...]]:
    dense = Dense.random(4, 3, "identity", rng)
    return Whiteout(dense, 0.5, 1.0, 0.0, rng, multiply=True), (4,)


def _random_parameters(layer: Layer, rng: np.random.Generator) -> Layer:
    for name in layer.parameter_names:
        getattr(layer, name)[...] = rng.standard_normal(getattr(layer, name).shape)
    return layer


# By the layer's class name (and a variant): rng -> float64 layer, shape of one input.
EXAMPLES: dict[str, Callable[[np.random.Generator], tuple[Layer, tuple[int, ...]]]] = {
    "Activate": _activate,
    "AveragePool2D": _average_pool,
    "BatchNorm": _batchnorm,
    "BatchNorm, of images": _batchnorm_of_images,
    "Conv2D": _conv,
    "Conv2D, with untied bias": _conv_with_untied_bias,
    "Dense": _dense,
    "DropConnect": _dropconnect,
    "Dropout": _dropout,
    "Dropout, scaled at test time": _dropout_scaled_at_test_time,
    "Flatten": _flatten,
    "LayerNorm": _layernorm,
    "MaxPool2D": _max_pool,
    "NoisyReLU": _noisy_relu,
    "Recurrent": _recurrent,
    "Recurrent, with zoneout": _recurrent_with_zoneout,
    "Shakeout": _shakeout,
    "SparseCode": _sparse_code,
    "Whiteout": _whiteout,
    "Whiteout, multiplying": _whiteout_that_multiplies,
}
# Layers that take the outputs of sigmoid units only.
TAKES_ACTIVATIONS = {"SparseCode"}
