"""Settings of the property tests, and PyTorch's values kept as files."""

import importlib.util
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

# Property tests draw the same examples in every run, and are not timed.
settings.register_profile("fixed", derandomize=True, deadline=None, database=None, max_examples=60)
settings.load_profile("fixed")

GOLDEN = Path(__file__).parent / "golden"
Values = dict[str, np.ndarray]


@pytest.fixture
def golden(pytestconfig: pytest.Config) -> Callable[[str, Callable[[], Values]], Values]:
    """Return PyTorch's values: ``golden(name, compute)`` gives what ``compute()`` would.

    They come from ``golden/NAME.npz``, so that the test needs no PyTorch. Where PyTorch is
    installed, they are computed anew and must equal the file's; ``--update-golden`` writes it.
    ``compute`` imports torch itself and returns a few small float64 or float32 arrays by name.
    """

    def values(name: str, compute: Callable[[], Values]) -> Values:
        path = GOLDEN / f"{name}.npz"
        if pytestconfig.getoption("update_golden"):
            np.savez(path, **compute())
        if not path.exists():
            pytest.fail(f"{path} is missing: run this test with PyTorch and --update-golden")
        with np.load(path) as file:
            stored = dict(file)
        if importlib.util.find_spec("torch") is not None:
            fresh = compute()
            assert fresh.keys() == stored.keys(), f"{path} is out of date: --update-golden"
            for key, array in fresh.items():
                rtol = 1e-5 if array.dtype == np.float32 else 1e-10
                message = f"{name}.npz: {key} is not what PyTorch gives: --update-golden"
                np.testing.assert_allclose(stored[key], array, rtol, 1e-3 * rtol, err_msg=message)
        return stored

    return values
