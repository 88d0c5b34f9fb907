"""What the training loop needs of an optimizer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from labref._arguments import Array


class Optimizer(ABC):
    """Takes a step: given parameters and gradient, changes the parameters.

    Attributes
    ----------
    state_names
        The attributes that change from step to step, numbers and arrays. They are all that must be
        saved for a run to go on as if it had not stopped. Arrays like the parameters are made at
        the first step, and are None before.
    """

    state_names: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def step(self, parameters: Array, gradient: Array, overwrite_gradient: bool = False) -> None:
        """Change ``parameters`` in place; leave ``gradient`` as it is unless it may be overwritten.

        Both are vectors of one shape and dtype. A training loop, which computes a new gradient for
        the next step anyway, may give the vector away and so save the memory traffic of another.
        """
