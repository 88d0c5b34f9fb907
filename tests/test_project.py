"""The project's own files: the lock, the Makefile, and what must not be in the tree."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def tracked_files() -> list[Path]:
    run = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    return [ROOT / name for name in run.stdout.decode().split("\0") if name]


def test_lock_names_no_address_and_has_hashes_for_every_package():
    lock = (ROOT / "requirements.lock").read_text()
    assert not re.search(r"\w+://", lock)
    entries = re.split(r"\n(?=[a-z0-9])", lock)[1:]
    assert len(entries) > 100
    for entry in entries:
        assert re.match(r"[\w.-]+==\S+", entry), entry.splitlines()[0]
        assert "--hash=sha256:" in entry, entry.splitlines()[0]


def test_lock_holds_what_the_project_asks_for():
    """Every direct dependency is locked; PyTorch, which `make torch` installs, is not."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = project["dependencies"] + [
        line
        for extra, lines in project["optional-dependencies"].items()
        if extra != "bench"
        for line in lines
    ]
    names = {re.match(r"[\w-]+", line)[0] for line in asked} - {"labref"}
    locked = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements.lock").read_text(), re.M))
    assert names <= locked
    assert "torch" not in locked


def test_numpy_is_the_only_hard_dependency():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert [re.match(r"[\w-]+", line)[0] for line in project["dependencies"]] == ["numpy"]


def test_bare_make_describes_every_target():
    run = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True)
    described = set(re.findall(r"^  make ([\w-]+) ", run.stdout, re.M))
    promised = {"book", "test", "notebooks", "exercises", "grade-demo", "bench", "student-pack"}
    assert promised | {"clean"} <= described
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.M)[1].split()
    assert set(phony) == described


def test_old_python_is_refused_with_a_way_out(tmp_path):
    fake = tmp_path / "python"
    fake.write_text('#!/bin/sh\ncase "$2" in *exit*) exit 1 ;; *) echo 3.9 ;; esac\n')
    fake.chmod(0o755)
    (tmp_path / "Makefile").write_text((ROOT / "Makefile").read_text())
    for name in ("requirements.lock", "pyproject.toml"):
        (tmp_path / name).touch()
    command = ["make", "book", f"PYTHON={fake}"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode != 0
    assert "Python 3.11 or newer is needed" in run.stderr
    assert "3.9" in run.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="paths are written otherwise")
def test_no_file_names_a_path_of_one_machine():
    pattern = re.compile(r"(?<![\w.:/])/(?:home|root|work|Users)/\w+")
    for path in tracked_files():
        if path.suffix in (".py", ".md", ".ipynb", ".toml", ".yml", ".cff", ".sh", ".json"):
            found = pattern.findall(path.read_text("utf8"))
            assert not found, f"{path.relative_to(ROOT)} names {found[:3]}"


def test_no_large_files():
    for path in tracked_files():
        assert path.stat().st_size < 2 * 2**20, f"{path.relative_to(ROOT)} is over 2 MiB"
