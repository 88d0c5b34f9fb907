"""Importing labref: quick, and without anything but NumPy."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "labref"
# Every public module but the two that are for notebooks.
MODULES = sorted(
    ".".join(("labref", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")
    for path in PACKAGE.rglob("*.py")
    if not (path.name.startswith("_") and path.name != "__init__.py")
    and path.name != "notebook.py"
    and "grading" not in path.parts
)
EXTRAS = ["tqdm", "sklearn", "scipy", "pooch", "matplotlib", "IPython", "torch"]


def run(code):
    """Run code in a fresh interpreter, which keeps what it compiles; return what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def import_all():
    return f"import {', '.join(MODULES)}"


def test_importing_what_training_needs_costs_a_fifth_of_importing_numpy():
    """The least of several fresh interpreters, in numpy's own time: machines are busy or slow."""
    code = (
        "import time; start = time.process_time(); import numpy.random; "
        "numpy_there = time.process_time(); "
        "import labref.data, labref.network, labref.optimizers, labref.training; "
        "print((time.process_time() - numpy_there) / (numpy_there - start))"
    )
    run(code)  # compiles
    least = min(float(run(code)) for _ in range(7))
    assert least <= 0.2, f"importing labref takes {least:.2f} times as long as importing numpy"


def test_import_loads_no_optional_package():
    code = f"{import_all()}; import sys; print([m for m in {EXTRAS} if m in sys.modules])"
    assert run(code) == "[]"


BLOCKED = f"""
import sys
for name in {EXTRAS}:
    sys.modules[name] = None
{import_all()}
"""


def test_labref_trains_without_any_optional_package():
    code = (
        BLOCKED
        + """
import numpy as np
rng = np.random.default_rng(0)
network = labref.network.dense_network([2, 8, 2], rng, "tanh")
x = rng.uniform(-1, 1, (200, 2))
labels = (x[:, 0] * x[:, 1] > 0).astype(int)
labref.training.train(
    network, x, labels, optimizer=labref.optimizers.SGD(0.5), epochs=100, batch_size=10, rng=rng
)
print(network.accuracy(x, labels) > 0.9)
"""
    )
    assert run(code) == "True"


@pytest.mark.parametrize("call", ["load_digits()", "load_mnist()"])
def test_what_needs_an_optional_package_says_which(call):
    code = BLOCKED + (
        "import os; os.environ.pop('LABREF_MNIST', None)\n"
        f"try:\n    labref.data.{call}\n"
        "except ModuleNotFoundError as error:\n    print(error)"
    )
    assert "pip install 'labref[data]'" in run(code)
