"""`make student-pack` in a copy of the repository."""

import io
import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

SECRETS = ("BEGIN SOLUTION", "BEGIN HIDDEN TESTS", "_hidden()", "Mark scheme", "seed=101")


def copy_of(root: Path, folder: Path) -> Path:
    for name in ("tools", "labref", "exercises"):
        shutil.copytree(root / name, folder / name)
    for name in ("pyproject.toml", "README.md", "LICENSE", "requirements.lock"):
        shutil.copy(root / name, folder)
    return folder


def run(copy: Path) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "tools/student_pack.py"], cwd=copy, capture_output=True, text=True
    )


@pytest.fixture(scope="module")
def pack(root: Path, tmp_path_factory) -> dict[str, bytes]:
    """The content of the zip."""
    copy = copy_of(root, tmp_path_factory.mktemp("pack"))
    done = run(copy)
    assert done.returncode == 0, done.stderr
    assert not (copy / "build").exists(), "building the wheel left files behind"
    with zipfile.ZipFile(copy / "_build" / "student-pack.zip") as file:
        return {name.removeprefix("student-pack/"): file.read(name) for name in file.namelist()}


@pytest.fixture(scope="module")
def wheel(pack) -> zipfile.ZipFile:
    [name] = [name for name in pack if name.endswith(".whl")]
    return zipfile.ZipFile(io.BytesIO(pack[name]))


def test_everything_a_student_needs_is_inside(pack, root: Path):
    notebooks = {
        path.relative_to(root).as_posix() for path in (root / "exercises").rglob("*.ipynb")
    }
    [wheel] = [name for name in pack if name.endswith(".whl")]
    assert set(pack) == {"START.md", "requirements.txt", wheel} | notebooks
    for name in notebooks:
        assert pack[name] == (root / name).read_bytes()


def test_no_solution_and_no_hidden_test_is_inside(pack, wheel, root: Path):
    source = (root / "solutions/01-backprop/backprop.ipynb").read_text()
    files = pack | {name: wheel.read(name) for name in wheel.namelist()}
    for secret in SECRETS:
        assert secret in source
        assert not [name for name, content in files.items() if secret.encode() in content]


def test_no_answer_of_the_instructor_is_inside(pack, root: Path):
    cells = json.loads((root / "solutions/01-backprop/backprop.ipynb").read_text())["cells"]
    released = json.loads(pack["exercises/01-backprop/backprop.ipynb"])["cells"]
    released = "\n".join("".join(cell["source"]) for cell in released)
    answers = [cell for cell in cells if cell["metadata"].get("nbgrader", {}).get("solution")]
    assert len(answers) == 13
    for cell in answers:
        text = "".join(cell["source"])
        solution = text.split("### BEGIN SOLUTION")[1].split("### END SOLUTION")[0]
        assert solution.strip() not in released


def test_labref_works_from_the_wheel_alone(pack, tmp_path: Path):
    [name] = [name for name in pack if name.endswith(".whl")]
    (tmp_path / name).write_bytes(pack[name])
    code = (
        "import labref, labref.grading; from labref.data import load_digits; "
        "print(labref.__file__, len(load_digits()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {name!r}); {code}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert name in done.stdout
    assert done.stdout.strip().endswith("1797")


def test_requirements_pin_what_the_notebooks_need(pack, root: Path):
    lines = pack["requirements.txt"].decode().splitlines()
    [wheel] = [name for name in pack if name.endswith(".whl")]
    assert lines[0] == f"./{wheel}"
    lock = (root / "requirements.lock").read_text()
    names = [line.split("==")[0] for line in lines[1:]]
    assert set(names) == {"jupyterlab", "matplotlib", "numpy", "scikit-learn", "tqdm"}
    for line in lines[1:]:
        assert line in lock


def test_a_release_that_shows_a_solution_is_refused(root: Path, tmp_path: Path):
    copy = copy_of(root, tmp_path)
    notebook = copy / "exercises/01-backprop/backprop.ipynb"
    notebook.write_text(notebook.read_text().replace("# YOUR CODE HERE", "### BEGIN SOLUTION"))
    done = run(copy)
    assert done.returncode == 1
    assert "backprop.ipynb has a line with 'BEGIN SOLUTION'" in done.stderr
    assert not (copy / "_build").exists()


def test_a_secret_inside_the_wheel_stops_the_pack(root: Path, tmp_path: Path):
    """The wheel is packed itself; what counts is what it holds."""
    copy = copy_of(root, tmp_path)
    (copy / "labref" / "leak.py").write_text("### BEGIN SOLUTION\n")
    done = run(copy)
    assert done.returncode != 0
    assert "labref/leak.py has a line with 'BEGIN SOLUTION'" in done.stderr
    assert not (copy / "_build" / "student-pack.zip").exists()
