"""What a network needs of a layer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from labref._arguments import Array


class Layer(ABC):
    """A layer of a network: inputs to outputs, and gradients back.

    Arrays have the batch first: rows (N, D) or images (N, C, H, W). A layer has each of its
    parameters as an attribute (``W``) and the gradient as another (``dW``), which ``backward``
    fills in place. ``forward`` keeps what ``backward`` needs. Neither changes its argument, and an
    array that one has returned is not overwritten by a later pass.

    Attributes
    ----------
    parameter_names
        The parameters.
    weight_names
        Those of them that multiply inputs. Weight penalties apply to these only: not to biases.
    state_names
        Arrays that are no parameters but belong to the trained layer, such as running means.
    penalty
        What the layer itself adds to the cost of the last pass.
    """

    parameter_names: ClassVar[tuple[str, ...]] = ()
    weight_names: ClassVar[tuple[str, ...]] = ()
    state_names: ClassVar[tuple[str, ...]] = ()
    penalty: float = 0.0

    def out_shape(self, in_shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return the shape of one output, given that of one input (both without the batch axis).

        Unless a layer says otherwise, it keeps the shape of what it gets.

        Raises
        ------
        ValueError
            If the layer cannot take inputs of that shape.
        """
        return in_shape

    @abstractmethod
    def forward(self, x: Array, training: bool = False) -> Array:
        """Return the output for ``x``; ``training`` is for layers that behave differently then."""

    @abstractmethod
    def backward(self, grad_y: Array, need_dx: bool = True) -> Array | None:
        """Fill the parameters' gradients; return the gradient at the input if it is needed."""
