"""The chapters' outputs are the same with other BLAS kernels, thread counts and NumPy loops.

OpenBLAS picks its kernels by the CPU; OPENBLAS_CORETYPE makes it take another CPU's. NumPy picks
its own loops likewise, and NPY_DISABLE_CPU_FEATURES takes some away.
"""

import os
import subprocess
import sys

import numpy as np
import pytest

from tests.book.chapters import CHAPTERS

CPU = np._core._multiarray_umath
FEATURES = [name for name in CPU.__cpu_dispatch__ if CPU.__cpu_features__[name]]
OTHER = "SkylakeX" if CPU.__cpu_features__["AVX512F"] else "Haswell"  # what this CPU can run
ELSEWHERE = {
    "Sandybridge kernels, one thread": {
        "OPENBLAS_CORETYPE": "Sandybridge",
        "OPENBLAS_NUM_THREADS": "1",
    },
    f"{OTHER} kernels, two threads": {
        "OPENBLAS_CORETYPE": OTHER,
        "OPENBLAS_NUM_THREADS": "2",
        "OPENBLAS_THREAD_TIMEOUT": "4",  # idle threads sleep: other tests run beside
    },
    "Zen kernels, NumPy without this CPU's loops": {
        "OPENBLAS_CORETYPE": "Zen",
        "NPY_DISABLE_CPU_FEATURES": " ".join(FEATURES),
    },
}


@pytest.mark.parametrize(
    ("path", "place"),
    [
        # A group of its own each: they take long, and any worker may take them.
        pytest.param(path, place, marks=pytest.mark.xdist_group(f"{path.stem}, {place}"))
        for path in CHAPTERS
        for place in ELSEWHERE
    ],
    ids=lambda value: getattr(value, "stem", value),
)
def test_same_outputs(path, place, root):
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q"]
    command += ["--nbval", "--nbval-current-env", "--nbval-cell-timeout", "600"]
    command += ["--nbval-sanitize-with", str(root / "tests/book/sanitize.cfg")]
    command += [str(path.with_suffix(".ipynb"))]
    environment = {**os.environ, **ELSEWHERE[place], "TQDM_DISABLE": "1"}
    run = subprocess.run(
        command, cwd=root, env=environment, capture_output=True, text=True, timeout=1800
    )
    assert run.returncode == 0, run.stdout[-5000:]
