"""Where what a test needs is missing, it fails in CI and is skipped with a reason elsewhere."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
NEEDY = "tests/book/test_pages.py::test_figures_follow_the_dark_mode"


def run_without_chromium(ci: bool) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if k not in ("CI", "PYTEST_ADDOPTS")}
    environment |= {"PATH": str(Path(sys.executable).parent), "COLUMNS": "200"}
    if ci:
        environment["CI"] = "true"
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", NEEDY]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)


@pytest.mark.parametrize(("ci", "outcome"), [(True, "1 error in"), (False, "1 skipped in")])
def test_missing_browser(ci, outcome):
    run = run_without_chromium(ci)
    assert (run.returncode != 0) == ci
    assert outcome in run.stdout
    assert "chromium is not installed (Debian package: chromium)" in run.stdout
