"""Measure works in this process and print the rows as JSON: ``python -m benchmarks.measure``.

The number of threads is fixed when the libraries load, so each number needs a process of its own.
"""

import json
import sys

from benchmarks.runner import measure
from benchmarks.works import WORKS


def main(threads: str, names: list[str]) -> None:
    """Print the rows of the modules ``names``, calling this process's threads ``threads``."""
    rows = [row for name in names for work in WORKS[name] for row in measure(work, threads)]
    json.dump(rows, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
