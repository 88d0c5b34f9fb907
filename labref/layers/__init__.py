"""Layers: what networks are made of.

A file has the plain functions of a layer, forward and backward, and the layer as an object that
keeps what the backward pass needs.
"""

from labref.layers.dense import Dense, dense_backward, dense_forward
from labref.layers.flatten import Flatten
from labref.layers.layer import Layer

__all__ = [
    "Dense",
    "Flatten",
    "Layer",
    "dense_backward",
    "dense_forward",
]
