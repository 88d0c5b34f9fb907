"""Weight penalties: what large weights cost."""

from __future__ import annotations

from abc import ABC, abstractmethod

from labref._arguments import Array


class Penalty(ABC):
    """A cost of an array of weights, added to the loss."""

    @abstractmethod
    def value(self, W: Array) -> float:
        """Return the penalty of these weights."""

    @abstractmethod
    def grad(self, W: Array) -> Array:
        """Return its gradient, like ``W``."""
