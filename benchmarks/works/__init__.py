"""The works that are timed: in each module ``WORKS``, called on the command line by its name."""

from benchmarks.runner import Work
from benchmarks.works import (
    adam,
    batch_norm,
    cnn_epoch,
    convolution,
    cross_entropy,
    max_pool,
    mlp_epoch,
)

WORKS: dict[str, tuple[Work, ...]] = {
    "convolution": convolution.WORKS,
    "batch_norm": batch_norm.WORKS,
    "max_pool": max_pool.WORKS,
    "cross_entropy": cross_entropy.WORKS,
    "adam": adam.WORKS,
    "mlp_epoch": mlp_epoch.WORKS,
    "cnn_epoch": cnn_epoch.WORKS,
}
