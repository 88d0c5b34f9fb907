"""Write values as JSON, as labref.grading.border.values says."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from labref.grading.border.values import MAX_DEPTH, MUTABLE, SHARED, BorderError, Json


class Writer:
    """Writes values as JSON.

    Parameters
    ----------
    handle
        Called with a value that only its owner can use (a function, an object); returns the JSON
        that stands for it, or raises BorderError.
    known
        Mutable values that the other side has already, in its Reader's order.
    """

    def __init__(self, handle: Callable[[Any], Json], known: list[Any] | None = None) -> None:
        self.handle = handle
        self.mutable: list[Any] = [] if known is None else list(known)
        self._numbers = {id(value): number for number, value in enumerate(self.mutable)}

    def write(self, value: Any, depth: int = 0) -> Json:
        """Return the JSON of a value.

        Raises
        ------
        BorderError
            If the value, or one within it, cannot cross.
        """
        if depth > MAX_DEPTH:
            raise BorderError(f"values within values, more than {MAX_DEPTH} deep")
        if value is None or isinstance(value, bool):
            return value
        if value is Ellipsis:
            return {"ellipsis": None}
        if isinstance(value, MUTABLE):
            number = self._numbers.setdefault(id(value), len(self.mutable))
            if number < len(self.mutable):
                return {"same": number}
            self.mutable.append(value)
            return self.content(value, depth)
        # Before the numbers: NumPy's float64 is a float, too.
        if isinstance(value, np.generic):
            return {"scalar": self._array(np.asarray(value), depth)}
        if isinstance(value, int):
            return int.__int__(value)
        if isinstance(value, float):
            plain = float.__float__(value)
            return plain if math.isfinite(plain) else {"float": repr(plain)}
        if isinstance(value, complex):
            return {"complex": [self.write(part) for part in (value.real, value.imag)]}
        if isinstance(value, str):
            return str.__str__(value)
        if isinstance(value, bytes):
            return {"bytes": base64.b64encode(value).decode()}
        if isinstance(value, np.dtype):
            return {"dtype": _describe(value)}
        name = getattr(value, "__name__", None)
        if isinstance(name, str) and SHARED.get(name) is value:
            return {"shared": name}
        if isinstance(value, tuple):
            return {"tuple": self._parts(tuple.__iter__(value), depth)}
        if isinstance(value, frozenset):
            return {"frozenset": self._parts(frozenset.__iter__(value), depth)}
        if isinstance(value, slice | range):
            parts = (value.start, value.stop, value.step)
            return {type(value).__name__: self._parts(parts, depth)}
        return {"handle": self.handle(value)}

    def content(self, value: Any, depth: int = 0) -> Json:
        """Return the JSON of what a mutable value holds now."""
        if isinstance(value, np.ndarray):
            return {"array": self._array(value, depth)}
        if isinstance(value, np.random.Generator):
            return {"generator": _plain_state(value.bit_generator.state)}
        if isinstance(value, dict):
            return {"dict": [self._parts(pair, depth) for pair in dict.items(value)]}
        if isinstance(value, bytearray):
            return {"bytearray": base64.b64encode(value).decode()}
        if isinstance(value, set):
            return {"set": self._parts(set.__iter__(value), depth)}
        return self._parts(list.__iter__(value), depth)

    def _parts(self, parts: Any, depth: int) -> list[Json]:
        return [self.write(part, depth + 1) for part in parts]

    def _array(self, value: np.ndarray, depth: int) -> Json:
        array = value.view(np.ndarray)  # of a subclass the data, not the methods
        found: Json = {"shape": list(array.shape)}
        if array.dtype.kind == "O":
            return found | {"objects": self._parts(array.ravel(), depth)}
        order: Literal["C", "F"] = "F" if array.flags.fnc else "C"
        data = base64.b64encode(array.tobytes(order)).decode()
        found |= {"dtype": _describe(array.dtype), "order": order, "data": data}
        return found if array.flags.writeable else found | {"readonly": True}


def _describe(dtype: np.dtype) -> Json:
    if dtype.hasobject and dtype.kind != "O":
        raise BorderError(f"an array of {dtype}")
    return np.lib.format.dtype_to_descr(dtype)


def _plain_state(state: Any) -> Json:
    """Return a bit generator's state with its arrays as lists."""
    if isinstance(state, dict):
        return {name: _plain_state(part) for name, part in state.items()}
    return state.tolist() if isinstance(state, np.ndarray) else state
