"""Which values cross between the judge and the student's code, and how they are written as JSON.

No pickle: a Reader builds plain values only. A mutable value that occurs twice stays one value, so
aliases and cycles survive, and a change in place can be sent as the new content of that value.

What JSON has no word for is an object with one key, the kind of value: ``{"tuple": [1, 2]}``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

MAX_DEPTH = 100  # of values within values
MUTABLE = (np.ndarray, np.random.Generator, list, dict, set, bytearray)
BIT_GENERATORS = {
    name: getattr(np.random, name) for name in ("MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64")
}

# Types and functions that are the same on both sides, and harmless whoever calls them.
SHARED = {
    kind.__name__: kind for kind in (bool, int, float, complex, str, list, tuple, dict, set)
} | {
    name: value
    for name, value in vars(np).items()
    if (isinstance(value, np.ufunc) or (isinstance(value, type) and issubclass(value, np.generic)))
    and value.__name__ == name
}

Json = Any


class BorderError(Exception):
    """A value that cannot cross, or a message that makes no sense."""


def kind_of(value: Any) -> str:
    """Return the word for a mutable value's kind."""
    kinds = {np.ndarray: "array", np.random.Generator: "generator"}
    kind = next(kind for kind in MUTABLE if isinstance(value, kind))
    return kinds.get(kind, kind.__name__)
