"""`make exercises` in a copy of the repository, for it replaces files."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

WRITTEN = "exercises/01-backprop/backprop.ipynb"
SOURCE = "solutions/01-backprop/backprop.ipynb"


@pytest.fixture
def copy(root: Path, tmp_path: Path) -> Path:
    for folder in ("solutions", "exercises", "tools"):
        shutil.copytree(root / folder, tmp_path / folder)
    shutil.copy(root / "nbgrader_config.py", tmp_path)
    return tmp_path


def make_exercises(copy: Path) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "tools/exercises.py"], cwd=copy, capture_output=True, text=True
    )


def test_exercises_are_in_step_with_solutions(copy: Path, root: Path):
    shutil.rmtree(copy / "exercises")
    done = make_exercises(copy)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"wrote {WRITTEN}\n"
    made = {path.relative_to(copy): path for path in (copy / "exercises").rglob("*.*")}
    committed = {path.relative_to(root) for path in (root / "exercises").rglob("*.*")}
    assert set(made) == committed
    for name, path in made.items():
        same = path.read_bytes() == (root / name).read_bytes()
        assert same, f"{name} is not what solutions/ makes: run `make exercises`"
    assert not list((copy / "_build").glob("tmp*")), "the temporary course was left behind"


def test_a_run_that_fails_leaves_exercises_as_they_were(copy: Path):
    before = (copy / WRITTEN).read_bytes()
    source = copy / SOURCE
    source.write_text(source.read_text().replace("### END SOLUTION", "### FORGOTTEN"))
    done = make_exercises(copy)
    assert done.returncode == 1
    assert "no end solution statement found" in done.stderr.lower()
    assert "exercises/ is as it was" in done.stderr
    assert (copy / WRITTEN).read_bytes() == before


def test_students_see_neither_solutions_nor_hidden_tests_nor_the_mark_scheme(root: Path):
    text = (root / WRITTEN).read_text()
    source = (root / SOURCE).read_text()
    for secret in ("BEGIN SOLUTION", "BEGIN HIDDEN TESTS", "_hidden(", "Mark scheme", "seed=101"):
        assert secret in source
        assert secret not in text
    assert text.count("# YOUR CODE HERE") == 12
