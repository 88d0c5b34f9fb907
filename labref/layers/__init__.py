"""Layers: what networks are made of.

A file has the plain functions of a layer, forward and backward, and the layer as an object that
keeps what the backward pass needs.
"""

from labref.layers.activate import Activate
from labref.layers.batchnorm import (
    BatchNorm,
    batchnorm2d_forward,
    batchnorm_backward,
    batchnorm_backward_stepwise,
    batchnorm_forward,
    batchnorm_inference,
    update_running,
)
from labref.layers.convolution import Conv2D, conv2d_backward, conv2d_forward, rotate180
from labref.layers.dense import Dense, dense_backward, dense_forward
from labref.layers.dropconnect import DropConnect, dropconnect_backward, dropconnect_forward
from labref.layers.dropout import Dropout, dropout_backward, dropout_forward
from labref.layers.flatten import Flatten
from labref.layers.folding import fold, fold_batchnorm
from labref.layers.im2col import col2im, im2col
from labref.layers.layer import Layer
from labref.layers.layernorm import LayerNorm, layernorm_backward, layernorm_forward
from labref.layers.noisy_relu import NoisyReLU
from labref.layers.pooling import (
    AveragePool2D,
    MaxPool2D,
    avg_pool_backward,
    avg_pool_forward,
    max_pool_backward,
    max_pool_forward,
)
from labref.layers.recurrent import Recurrent, rnn_backward, rnn_forward
from labref.layers.shakeout import Shakeout
from labref.layers.sparse_code import SparseCode
from labref.layers.whiteout import Whiteout

__all__ = [
    "Activate",
    "AveragePool2D",
    "BatchNorm",
    "Conv2D",
    "Dense",
    "DropConnect",
    "Dropout",
    "Flatten",
    "Layer",
    "LayerNorm",
    "MaxPool2D",
    "NoisyReLU",
    "Recurrent",
    "Shakeout",
    "SparseCode",
    "Whiteout",
    "avg_pool_backward",
    "avg_pool_forward",
    "batchnorm2d_forward",
    "batchnorm_backward",
    "batchnorm_backward_stepwise",
    "batchnorm_forward",
    "batchnorm_inference",
    "col2im",
    "conv2d_backward",
    "conv2d_forward",
    "dense_backward",
    "dense_forward",
    "dropconnect_backward",
    "dropconnect_forward",
    "dropout_backward",
    "dropout_forward",
    "fold",
    "fold_batchnorm",
    "im2col",
    "layernorm_backward",
    "layernorm_forward",
    "max_pool_backward",
    "max_pool_forward",
    "rnn_backward",
    "rnn_forward",
    "rotate180",
    "update_running",
]
