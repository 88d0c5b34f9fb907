"""Checks that say what is wrong with an answer.

A failed check raises AssertionError. Its message names the quantity, what was expected and what
came, and where; if the answer equals a known mistake, it names the mistake. A hidden check says
what kind of fault it found and names the mistake, but shows neither numbers nor inputs.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt

# Relative to the largest expected entry. An answer may have been computed in float32 and returned
# as a Python float, which is float64: hence the wide margin there.
_TOLERANCES = {np.dtype(np.float16): 1e-2, np.dtype(np.float32): 1e-4}
_TOLERANCE = 1e-5

Array = npt.NDArray[Any]  # a student's answer may hold anything


def check_close(
    what: str,
    got: object,
    expected: npt.ArrayLike,
    wrong: Mapping[str, npt.ArrayLike] | None = None,
    *,
    hidden_case: str = "",
) -> None:
    """Check that an answer equals what is expected, up to rounding.

    Parameters
    ----------
    what
        The quantity, as the message names it: ``"softmax(a)"``.
    got
        The answer: an array, a number, or nested lists of numbers.
    expected
        The right values, finite.
    wrong
        Known mistakes: what to tell the student -> the values that the mistake gives. They may
        hold NaN and have another shape than ``expected``.
    hidden_case
        For a hidden check, its case in words (``"logits near 1000"``); the message then shows no
        numbers.

    Raises
    ------
    AssertionError
        If the answer is not made of real numbers, or differs in shape or values.
    ValueError
        If ``expected`` is not finite, so that nothing could equal it.

    Notes
    -----
    An answer may differ by 1e-5 times the largest expected entry; by 1e-4 times if it is float32
    and by 1e-2 times if it is float16. Its dtype does not matter otherwise.
    """
    right = np.asarray(expected)
    if not np.isfinite(right).all():
        raise ValueError(f"expected: expected finite numbers for {what}, got {right}")
    answer = _numbers(what, got, hidden_case)
    fault = _describe_fault(answer, right, bool(hidden_case))
    if fault:
        hints = [
            f"Hint: {hint}"
            for hint, values in (wrong or {}).items()
            if _is_close(answer, np.asarray(values), _tolerance(answer, right))
        ]
        raise AssertionError("\n".join([_start(what, hidden_case) + fault, *hints[:1]]))


def check_parts(
    what: str, got: object, names: Sequence[str], *, hidden_case: str = ""
) -> tuple[Any, ...]:
    """Check that an answer is a tuple (or list) of as many parts as there are names.

    Parameters
    ----------
    what, hidden_case
        As in ``check_close``.
    got
        The answer.
    names
        What the parts are called, in order.

    Returns
    -------
    tuple
        The parts.

    Raises
    ------
    AssertionError
        If the answer is something else.
    """
    expected = f"expected {len(names)} values ({', '.join(names)})"
    if got is None:
        raise AssertionError(_start(what, hidden_case) + f"{expected}, got None. {_NO_RETURN}")
    if not isinstance(got, tuple | list):
        raise AssertionError(_start(what, hidden_case) + f"{expected}, got {_kind(got)}.")
    if len(got) != len(names):
        raise AssertionError(_start(what, hidden_case) + f"{expected}, got {len(got)}.")
    return tuple(got)


def call(what: str, function: Callable[..., Any], /, **arguments: Any) -> Any:
    """Call an answer, and check that it leaves its arguments as they are.

    Parameters
    ----------
    what
        The answer's name, for the message.
    function
        The answer. It gets copies of the arguments, by position.
    arguments
        Their names, for the message, and values. Arrays are compared after the call; a Generator
        is passed on as it is, being meant to change.

    Returns
    -------
    object
        What the answer returned.

    Raises
    ------
    AssertionError
        If the answer changed an array.
    """
    given: dict[str, Any] = {
        name: value if isinstance(value, np.random.Generator) else copy.deepcopy(value)
        for name, value in arguments.items()
    }
    result = function(*given.values())
    for name, value in arguments.items():
        if isinstance(value, np.ndarray) and not _is_same(given[name], value):
            raise AssertionError(
                f"{what}: it changed its argument {name}, which belongs to the caller. "
                "Compute something new instead of changing it in place (as -=, +=, out= and "
                "assignments to a part of it do), or work on a copy."
            )
    return result


@contextmanager
def no_overflow(what: str) -> Iterator[None]:
    """Check that the calls in the ``with`` block neither overflow nor make NaN on the way.

    Parameters
    ----------
    what
        The answer's name, for the message.

    Raises
    ------
    AssertionError
        If NumPy warned of an overflow or of an invalid value. Other warnings do not matter.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    for warning in caught:
        text = str(warning.message)
        if issubclass(warning.category, RuntimeWarning) and (
            "overflow" in text or "invalid value" in text
        ):
            raise AssertionError(
                f"{what}: NumPy warned of an {text.split(' encountered')[0]} on the way. exp of a "
                "large positive number overflows; both branches of np.where are computed "
                "everywhere. See to it that exp only meets numbers that are not positive."
            )


_NO_RETURN = "Is there a return statement?"


def _start(what: str, hidden_case: str) -> str:
    return f"{what} (hidden check: {hidden_case}): " if hidden_case else f"{what}: "


def _kind(value: object) -> str:
    return f"a value of type {type(value).__name__}"


def _numbers(what: str, got: object, hidden_case: str) -> Array:
    """Return an answer as an array, or raise AssertionError if it is not made of real numbers."""
    start = _start(what, hidden_case)
    if got is None:
        raise AssertionError(f"{start}got None. {_NO_RETURN}")
    try:
        answer = np.asarray(got)
    except (ValueError, TypeError):
        raise AssertionError(
            f"{start}expected an array or a number, got {_kind(got)} that NumPy cannot make "
            "an array of."
        ) from None
    if answer.dtype.kind not in "iuf":
        raise AssertionError(
            f"{start}expected real numbers, got {_kind(got)} with dtype {answer.dtype}."
        )
    return answer


def _tolerance(answer: Array, expected: Array) -> float:
    """Return the tolerance of the coarser of the two dtypes."""
    return max(_TOLERANCES.get(dtype, _TOLERANCE) for dtype in (answer.dtype, expected.dtype))


def _close_entries(answer: Array, expected: Array, tolerance: float) -> Array:
    """Say of each entry whether it is right; NaN only equals NaN and infinity only itself."""
    finite = np.abs(expected[np.isfinite(expected)])
    largest = finite.max(initial=0.0) or 1.0
    return np.isclose(answer, expected, rtol=0, atol=tolerance * largest, equal_nan=True)


def _is_close(answer: Array, expected: Array, tolerance: float) -> bool:
    return answer.shape == expected.shape and bool(
        _close_entries(answer, expected, tolerance).all()
    )


def _is_same(after: Array, before: Array) -> bool:
    return (after.shape, after.dtype, after.tobytes()) == (
        before.shape,
        before.dtype,
        before.tobytes(),
    )


def _shape(array: Array) -> str:
    return f"an array of shape {array.shape}" if array.ndim else "a single number"


def _describe_fault(answer: Array, expected: Array, hidden: bool) -> str:
    """Return what is wrong with an answer, or nothing if it is right."""
    if answer.shape != expected.shape:
        if hidden:
            return f"wrong shape: {_compare_axes(answer, expected)}."
        return f"expected {_shape(expected)}, got {_shape(answer)}."
    good = _close_entries(answer, expected, _tolerance(answer, expected))
    if good.all():
        return ""
    bad = tuple(map(int, np.argwhere(~good)[0]))
    strange = answer[~good & ~np.isfinite(answer)]
    if hidden:
        kinds = "NaN or infinite values" if strange.size else "wrong values"
        return f"{kinds}." if expected.ndim else f"{kinds.replace('values', 'value')}."
    where = f"at {list(bad)} " if bad else ""
    count = f" {(~good).sum()} of {good.size} entries differ" if expected.ndim else ""
    difference = np.abs(answer.astype(float) - expected)[~good]
    by = f", by up to {difference.max():.3g}" if count and not strange.size else ""
    end = f";{count}{by}." if count else "."
    return f"{where}expected {expected[bad]:.6g}, got {answer[bad]:.6g}{end}"


def _compare_axes(answer: Array, expected: Array) -> str:
    if answer.ndim != expected.ndim:
        return f"number of axes expected {expected.ndim}, got {answer.ndim}"
    axes = [i for i, (a, e) in enumerate(zip(answer.shape, expected.shape, strict=True)) if a != e]
    return f"the size of axis {' and '.join(map(str, axes))} differs"
