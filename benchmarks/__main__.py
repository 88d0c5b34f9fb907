"""Time works with the libraries' default threads and with one: ``python -m benchmarks [NAME ...]``.

Without names, all are timed and the results written; with names, the table is only printed.
"""

import argparse
import importlib.util
import json
import os
import subprocess
import sys

from benchmarks import report
from benchmarks.works import WORKS
from labref.data import load_mnist

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def main() -> None:
    """Measure and print the table; write it and the figures behind it if nothing is left out."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(WORKS))
    names = parser.parse_args().names
    if unknown := [name for name in names if name not in WORKS]:
        parser.error(f"there is no work {', '.join(unknown)}; there are {', '.join(WORKS)}")
    for module, name in (("torch", "PyTorch"), ("autograd", "HIPS autograd")):
        if importlib.util.find_spec(module) is None:
            sys.exit(f"benchmarks: {name}, a peer to compare with, is not installed: make torch")
    try:
        load_mnist()
    except (OSError, ValueError, ModuleNotFoundError) as error:
        sys.exit(f"benchmarks: {error}\n(set LABREF_MNIST to the folder that has MNIST's files)")

    rows = []
    for threads, environment in (("default", {}), ("1", ONE_THREAD)):
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.measure", threads, *(names or WORKS)],
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        rows += json.loads(done.stdout)
    results = {"provenance": report.provenance(), "rows": rows}
    table = report.markdown(results)
    print(table)
    if not names:
        report.RESULTS.write_text(json.dumps(results, indent=1) + "\n")
        report.README.write_text(report.insert_table(report.README.read_text(), table))


if __name__ == "__main__":
    main()
