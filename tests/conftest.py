"""What tests need besides the locked packages, and what happens where it is missing."""

import importlib.util
import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

NEEDS = {
    "torch": (
        lambda: importlib.util.find_spec("torch") is not None,
        "PyTorch is not installed: make torch",
    ),
    "mnist": (
        lambda: bool(os.environ.get("LABREF_MNIST")),
        "LABREF_MNIST does not name a folder with the four files of MNIST",
    ),
    "browser": (
        lambda: shutil.which("chromium") is not None,
        "chromium is not installed (Debian package: chromium)",
    ),
    "isolated": (
        lambda: shutil.which("bwrap") is not None,
        "bwrap is not installed (Debian package: bubblewrap)",
    ),
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add an option for the tests that compare with PyTorch's values."""
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write PyTorch's values to tests/labref/golden (see tests/labref/conftest.py)",
    )


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of a file, or a notebook's cells, on one worker, unless they say otherwise."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Fail in CI, skip elsewhere, where what a test is marked to need is missing."""
    for name, (is_there, reason) in NEEDS.items():
        if item.get_closest_marker(name) and not is_there():
            (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's root folder."""
    return ROOT
