"""What optimizers remember from step to step."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from labref import _arguments
from labref._arguments import Array
from labref._arrays import aligned_zeros

_FLUSH_EVERY = 100  # steps


def like(parameters: Array, state: Array | None) -> Array:
    """Return ``state``, or zeros like ``parameters`` if there is none yet.

    Raises ValueError if the state was made for parameters of another shape or dtype.
    """
    if state is None:
        return aligned_zeros(parameters.size, parameters.dtype).reshape(parameters.shape)
    if state.shape != parameters.shape or state.dtype != parameters.dtype:
        raise ValueError(
            f"parameters: expected shape {state.shape} and dtype {state.dtype}, as in the first "
            f"step, got {parameters.shape} and {parameters.dtype}: use a new optimizer"
        )
    return state


def flush_subnormals(t: int, *states: Array) -> None:
    """Set the subnormal entries of ``states`` to zero, in every 100th step ``t``.

    State that decays and is no longer fed comes to rest among the subnormal numbers, 0.9 times a
    few of the smallest being as many of them again, and many processors compute with those slowly.
    """
    if t % _FLUSH_EVERY == 0:
        for state in states:
            state[np.abs(state) < np.finfo(state.dtype).tiny] = 0


def average_of_squares(name: str, value: npt.ArrayLike, shape: tuple[int, ...]) -> Array:
    """Return ``value`` as finite floats of that shape; raise ValueError if one is negative."""
    array = _arguments.floats(name, value, shape)
    if (array < 0).any():
        raise ValueError(f"{name}: expected no negative numbers, got {array.min()}")
    return array
