"""Time all works, with the libraries' default threads and with one: ``python -m benchmarks``."""

import importlib.util
import json
import os
import subprocess
import sys

from benchmarks import report
from labref.data import load_mnist

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def main() -> None:
    """Measure, print the table, and write it and the figures behind it."""
    if importlib.util.find_spec("torch") is None:
        sys.exit("benchmarks: PyTorch, the peer to compare with, is not installed: make torch")
    try:
        load_mnist()
    except (OSError, ValueError, ModuleNotFoundError) as error:
        sys.exit(f"benchmarks: {error}\n(set LABREF_MNIST to the folder that has MNIST's files)")

    rows = []
    for threads, environment in (("default", {}), ("1", ONE_THREAD)):
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.measure", threads],
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        rows += json.loads(done.stdout)
    results = {"provenance": report.provenance(), "rows": rows}
    table = report.markdown(results)
    print(table)
    report.RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    report.README.write_text(report.insert_table(report.README.read_text(), table))


if __name__ == "__main__":
    main()
