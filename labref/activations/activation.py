"""What a layer needs of an activation: the function and its derivative."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from labref._arguments import Array


@dataclass(frozen=True)
class Activation:
    """An elementwise function and its derivative, as a layer uses them.

    Attributes
    ----------
    name
        The function's name.
    function
        Maps the pre-activation ``a`` to the output ``y``, same shape.
    derivative
        Maps ``(a, y)`` to dy/da, same shape; whichever of the two makes it cheap is used.
    """

    name: str
    function: Callable[[Array], Array]
    derivative: Callable[[Array, Array], Array]
