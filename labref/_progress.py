"""Progress bars, for loops that may take more than a few seconds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

T = TypeVar("T")


def progress_bar(items: Sequence[T], unit: str, show: bool) -> Iterable[T]:
    """Return ``items``, shown as a bar once the loop has run for two seconds.

    Without tqdm, or with the environment variable TQDM_DISABLE set, there is no bar.
    """
    if not show:
        return items
    try:
        from tqdm import tqdm
    except ModuleNotFoundError:
        return items
    bar: Iterable[T] = tqdm(items, unit=f" {unit}", delay=2, leave=False)
    return bar
