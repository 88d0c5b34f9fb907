"""Measure all works in this process and print the rows as JSON: ``python -m benchmarks.measure``.

The number of threads is fixed when the libraries load, so each number needs a process of its own.
"""

import json
import sys

from benchmarks.runner import measure
from benchmarks.works import WORKS

ROUNDS = 7


def main(threads: str) -> None:
    """Print the rows, which call the threads of this process ``threads``."""
    rows = [row for work in WORKS for row in measure(work.NAME, work.cases(), ROUNDS, threads)]
    json.dump(rows, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
