"""Saving a run to a file and going on from it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from labref._arguments import Array
from labref.layers import Layer
from labref.network import Network


class Stateful(Protocol):
    """What has its changing attributes named: optimizers, histories, early stopping."""

    state_names: Any


Part = Network | Stateful | np.random.Generator


def save(path: str | os.PathLike[str], **parts: Part) -> None:
    """Write the state of a run to a ``.npz`` file.

    Parameters
    ----------
    path
        The file. It is replaced in one step: a crash leaves the old file or the new one.
    parts
        What changes during the run, by any names: the network, the optimizer, the generator of
        random numbers, the history, early stopping::

            save("run.npz", network=network, optimizer=optimizer, rng=rng, history=history)

    Raises
    ------
    TypeError
        If a part is nothing of the kind.
    OSError
        If the file cannot be written.

    Notes
    -----
    The file holds plain arrays, nothing that runs code when it is loaded. It does not hold the
    architecture or settings such as step sizes: build the same objects, then ``load``.
    """
    arrays = {
        f"{name}/{key}": value
        for name, part in parts.items()
        for key, value in {_KIND: _kind(name, part), **_state(part)}.items()
    }
    path = Path(path)
    unfinished = path.with_name(path.name + ".unfinished")
    with unfinished.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]
    unfinished.replace(path)


def load(path: str | os.PathLike[str], **parts: Part) -> None:
    """Bring the parts, in place, to the state that ``save`` wrote.

    Parameters
    ----------
    path
        The file.
    parts
        As for ``save``: the same names, the same architecture, the same kinds of optimizer and
        generator. Training then goes on exactly as if it had not stopped.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    TypeError, ValueError
        If a part is nothing of the kind, or the file does not fit the parts: a part is missing,
        or an array has another shape or dtype. Nothing is changed then.
    """
    with np.load(path, allow_pickle=False) as file:
        arrays = dict(file)
    states = {name: _below(f"{name}/", arrays) for name in parts}
    for name, part in parts.items():
        if not states[name]:
            saved = sorted({key.partition("/")[0] for key in arrays})
            raise ValueError(f"{name}: expected one of the saved {', '.join(saved)}")
        expected, found = _kind(name, part), states[name].pop(_KIND)
        if found != expected:
            raise ValueError(f"{name}: expected what was saved, {found}, got {expected}")
        _check_shapes(name, part, states[name])
    for name, part in parts.items():
        _set_state(part, states[name])


_KIND = "kind"


def _kind(name: str, part: Part) -> str:
    """Describe what must be equal for a state to fit: the class, or a network's architecture."""
    if isinstance(part, np.random.Generator):
        return type(part.bit_generator).__name__
    if isinstance(part, Network):
        return f"{part.parameters.dtype} " + ", ".join(map(_describe, part.layers))
    if hasattr(part, "state_names"):
        return type(part).__name__
    raise TypeError(
        f"{name}: expected a network, an optimizer, a history or a Generator, "
        f"got {type(part).__name__}"
    )


def _check_shapes(name: str, part: Any, state: dict[str, Array]) -> None:
    for attribute in getattr(part, "state_names", ()):
        mine, saved = getattr(part, attribute), state.get(attribute)
        if isinstance(mine, np.ndarray) and saved is not None and mine.shape != saved.shape:
            raise ValueError(
                f"{name}: {attribute}: expected what was saved, shape {saved.shape}, "
                f"got {mine.shape}"
            )


def _describe(layer: Layer) -> str:
    shapes = [f" {name} {getattr(layer, name).shape}" for name in layer.parameter_names]
    return type(layer).__name__ + "".join(shapes)


def _state(part: Any) -> dict[str, npt.ArrayLike]:
    """Return all that changes about a part, as arrays under names like ``layers/1/rng``."""
    if isinstance(part, np.random.Generator):
        return {"state": json.dumps(part.bit_generator.state, default=lambda array: array.tolist())}
    if isinstance(part, Network):
        state: dict[str, npt.ArrayLike] = dict(part.state())
        for i, rng in _generators(part):
            state[f"layers/{i}/rng"] = _state(rng)["state"]
        return state
    state = {}
    for name in part.state_names:
        value = getattr(part, name)
        if isinstance(value, dict):
            state.update({f"{name}/{key}": entry for key, entry in value.items()})
        elif value is not None:
            state[name] = value
    return state


def _set_state(part: Any, state: dict[str, Array]) -> None:
    if isinstance(part, np.random.Generator):
        part.bit_generator.state = json.loads(str(state["state"]))
    elif isinstance(part, Network):
        for i, rng in _generators(part):
            _set_state(rng, {"state": state.pop(f"layers/{i}/rng")})
        part.set_state(state)
    else:
        for name in part.state_names:
            value: Any = state.get(name)
            if value is None:
                value = _below(f"{name}/", state) or None
            elif isinstance(getattr(part, name), list):
                value = value.tolist()
            elif value.ndim == 0:
                value = value.item()
            setattr(part, name, value)


def _generators(network: Network) -> list[tuple[int, np.random.Generator]]:
    """Return the layers' generators, for dropout and the like, with the layers' numbers."""
    rngs = [(i, getattr(layer, "rng", None)) for i, layer in enumerate(network.layers)]
    return [(i, rng) for i, rng in rngs if rng is not None]


def _below(prefix: str, arrays: dict[str, Array]) -> dict[str, Array]:
    """Return the arrays whose names start with ``prefix``, under the rest of their names."""
    return {key.removeprefix(prefix): a for key, a in arrays.items() if key.startswith(prefix)}
