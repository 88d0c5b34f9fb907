"""Data sets: the digits that come with scikit-learn, and MNIST."""

from labref.data.dataset import Dataset, train_val_test_split
from labref.data.digits import load_digits
from labref.data.mnist import load_mnist

__all__ = ["Dataset", "load_digits", "load_mnist", "train_val_test_split"]
