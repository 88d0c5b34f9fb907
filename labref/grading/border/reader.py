"""Read what a Writer wrote, trusting nothing."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from labref.grading.border.values import (
    BIT_GENERATORS,
    MAX_DEPTH,
    SHARED,
    BorderError,
    Json,
    kind_of,
)


class Reader:
    """Reads what a Writer wrote; its ``mutable`` are in the Writer's order.

    Parameters
    ----------
    handle
        Called with the JSON that stands for a value that only its owner can use; returns what is
        used in its place.
    known
        Mutable values that the other side has already, in its Writer's order.
    """

    def __init__(self, handle: Callable[[Json], Any], known: list[Any] | None = None) -> None:
        self.handle = handle
        self.mutable: list[Any] = [] if known is None else list(known)

    def read(self, json: Json) -> Any:
        """Return the value that JSON stands for.

        Raises
        ------
        BorderError
            If the JSON is not what a Writer writes.
        """
        try:
            return self._read(json, 0)
        except BorderError:
            raise
        except Exception as error:
            raise BorderError(f"a message that makes no sense: {error!r}"[:300]) from None

    def update(self, number: int, json: Json) -> None:
        """Give the mutable value of that number the content that JSON stands for, in place.

        Raises
        ------
        BorderError
            If the JSON is not the content of such a value.
        """
        try:
            self._update(self.mutable[number], json)
        except BorderError:
            raise
        except Exception as error:
            raise BorderError(f"a message that makes no sense: {error!r}"[:300]) from None

    def _update(self, old: Any, json: Json) -> None:
        kind, content = _kind(json)
        if kind != kind_of(old):
            raise BorderError(f"content of a {kind} for a {kind_of(old)}")
        if kind == "array":
            new = (
                _array_of(content)
                if "objects" not in content
                else self._fill_array(_empty(content), content, 0)
            )
            if old.dtype != new.dtype or old.size != new.size:
                raise BorderError("an array that changed its dtype or size in place")
            if old.shape != new.shape:
                old.resize(new.shape, refcheck=False)
            old[...] = new
        elif kind == "generator":
            old.bit_generator.state = content
        elif kind == "bytearray":
            old[:] = base64.b64decode(content, validate=True)
        else:
            old.clear()
            self._fill(old, content, 0)

    def _read(self, json: Json, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise BorderError(f"values within values, more than {MAX_DEPTH} deep")
        if json is None or isinstance(json, bool | int | float | str):
            return json
        kind, content = _kind(json)
        if kind == "list":
            return self._fill(self._remember([]), content, depth)
        if kind == "same":
            if not 0 <= content < len(self.mutable):
                raise BorderError(f"no mutable value has the number {content!r}")
            return self.mutable[content]
        if kind in ("tuple", "frozenset"):
            parts = [self._read(part, depth + 1) for part in content]
            return tuple(parts) if kind == "tuple" else frozenset(parts)
        if kind in ("slice", "range"):
            parts = [self._read(part, depth + 1) for part in content]
            return slice(*parts) if kind == "slice" else range(*parts)
        if kind == "dict":
            return self._fill(self._remember({}), content, depth)
        if kind == "set":
            return self._fill(self._remember(set()), content, depth)
        if kind == "array":
            if "objects" not in content:
                return self._remember(_array_of(content))
            return self._fill_array(self._remember(_empty(content)), content, depth)
        if kind == "scalar":
            return _array_of(content)[()]
        if kind == "generator":
            return self._remember(_generator(content))
        if kind == "bytearray":
            return self._remember(bytearray(base64.b64decode(content, validate=True)))
        if kind == "bytes":
            return base64.b64decode(content, validate=True)
        if kind == "float":
            return {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}[content]
        if kind == "complex":
            real, imag = (self._read(part, depth) for part in content)
            return complex(float(real), float(imag))
        if kind == "dtype":
            return _dtype(content)
        if kind == "shared":
            return SHARED[content]
        if kind == "ellipsis":
            return Ellipsis
        if kind == "handle":
            return self.handle(content)
        raise BorderError(f"no kind of value: {kind!r}"[:300])

    def _remember(self, value: Any) -> Any:
        self.mutable.append(value)
        return value

    def _fill(self, container: Any, parts: list[Json], depth: int) -> Any:
        """Return the container filled."""
        for part in parts:
            if isinstance(container, dict):
                key, value = (self._read(half, depth + 1) for half in part)
                container[key] = value
            elif isinstance(container, set):
                container.add(self._read(part, depth + 1))
            else:
                container.append(self._read(part, depth + 1))
        return container

    def _fill_array(self, array: np.ndarray, json: Json, depth: int) -> np.ndarray:
        """Return the array of objects filled; it is known before its parts, too."""
        for index, part in zip(np.ndindex(array.shape), json["objects"], strict=True):
            array[index] = self._read(part, depth + 1)
        return array


def _kind(json: Json) -> tuple[str, Json]:
    if isinstance(json, list):
        return "list", json
    [(kind, content)] = json.items()
    return kind, content


def _dtype(json: Json) -> np.dtype:
    def fields(part: Json) -> Any:
        if isinstance(part, str):
            return part
        # A field: its name (or title and name), its dtype and, for some, its shape.
        names, kind, *shape = part
        name = names if isinstance(names, str) else tuple(map(str, names))
        inner = kind if isinstance(kind, str) else [fields(field) for field in kind]
        return (name, inner, *(tuple(map(int, sizes)) for sizes in shape))

    description: Any = json if isinstance(json, str) else [fields(field) for field in json]
    found = np.lib.format.descr_to_dtype(description)
    if found.hasobject and found.kind != "O":
        raise BorderError(f"an array of {found}")
    return found


def _empty(json: Json) -> np.ndarray:
    """Return an array of None, of the shape that its objects fill."""
    if math.prod(json["shape"]) != len(json["objects"]):
        raise BorderError(f"an array of shape {json['shape']} with {len(json['objects'])} objects")
    return np.empty(json["shape"], dtype=object)


def _array_of(json: Json) -> np.ndarray:
    """Return the array that shape, dtype, order and data say, if they agree."""
    dtype, shape = _dtype(json["dtype"]), tuple(json["shape"])
    data = base64.b64decode(json["data"], validate=True)
    if dtype.hasobject or any(not isinstance(n, int) or n < 0 for n in shape):
        raise BorderError(f"an array of shape {shape} and dtype {dtype}")
    if math.prod(shape) * dtype.itemsize != len(data):
        raise BorderError(f"{len(data)} bytes for an array of shape {shape} and dtype {dtype}")
    array: np.ndarray = np.ndarray(shape, dtype, bytearray(data), order=json["order"])
    array.flags.writeable = not json.get("readonly", False)
    return array


def _generator(state: Json) -> np.random.Generator:
    bits = BIT_GENERATORS[state["bit_generator"]]()
    bits.state = state
    return np.random.Generator(bits)
