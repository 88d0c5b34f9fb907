"""Grade a class of ten made-up students with nbgrader, from their zip to the table of grades.

    python tools/grade_demo.py [--keep FOLDER]

Everything happens in a temporary course; ``--keep`` keeps it, with the feedback and the grades.
"""

import argparse
import re
import subprocess
import sys
import tempfile
import textwrap
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
from course import grades, make_course, release
from demo_class import PROBLEMS, STUDENTS, Student

ASSIGNMENT, NOTEBOOK = "01-backprop", "backprop"
TIMEOUT = 20  # seconds; ten times what the slowest right answer takes, for busy machines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--keep", metavar="FOLDER", type=Path, help="a new folder for the course")
    keep = parser.parse_args().keep
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="grade-demo-") as folder:
            run(Path(folder))
        print("Nothing was kept; --keep FOLDER keeps the course, the feedback and the grades.")
        return
    if keep.exists():
        parser.error(f"--keep: expected a folder that does not exist yet, got {keep}")
    keep.mkdir(parents=True)
    run(keep.resolve())
    feedback = keep / "grading" / "feedback"
    print(f"Feedback: {feedback}/<student>/{ASSIGNMENT}/{NOTEBOOK}.html")
    print(f"Grades:   {keep / 'grades.csv'}")


def run(folder: Path) -> None:
    """Run the whole cycle in an empty folder and print the table."""
    start = time.perf_counter()
    with step("making the course and the students' version"):
        course = make_course(folder, timeout=TIMEOUT)
        release(course, [ASSIGNMENT])
    with step(f"packing {len(STUDENTS)} submissions as a learning platform does"):
        pack(folder)
    with step("nbgrader zip_collect"):
        nbgrader(folder, "zip_collect", ASSIGNMENT)
    failures = {}
    for number, student in enumerate(STUDENTS, 1):
        with step(f"autograde {number}/{len(STUDENTS)}: {student.name}"):
            result = course.autograde(ASSIGNMENT, student.name)
        if not result["success"]:
            failures[student.name] = explain(result)
    with step("feedback"):
        course.generate_feedback(ASSIGNMENT)
    with step("nbgrader export"):
        nbgrader(folder, "export", "--to", "grades.csv")
    print()
    print_table(course, failures)
    print(f"\nTook {time.perf_counter() - start:.0f} s.")


@contextmanager
def step(what: str) -> Iterator[None]:
    """Say what is being done, and then how long it took."""
    print(f"{what} ... ", end="", flush=True)
    start = time.perf_counter()
    yield
    print(f"{time.perf_counter() - start:.1f} s", flush=True)


def pack(folder: Path) -> None:
    """Write all submissions into one zip, named as Canvas names them."""
    path = Path(ASSIGNMENT) / f"{NOTEBOOK}.ipynb"
    released = nbformat.read(folder / "exercises" / path, as_version=4)
    instructor = nbformat.read(folder / "solutions" / path, as_version=4)
    archive = folder / "grading" / "downloaded" / ASSIGNMENT / "archive"
    archive.mkdir(parents=True)
    with zipfile.ZipFile(archive / "submissions.zip", "w", zipfile.ZIP_DEFLATED) as file:
        for number, student in enumerate(STUDENTS):
            notebook = student.notebook(released, instructor)
            name = f"{student.name}_{4100 + number}_{77001 + number}_{NOTEBOOK}.ipynb"
            file.writestr(name, nbformat.writes(notebook))


def nbgrader(folder: Path, *arguments: str) -> None:
    """Run an nbgrader command in the course; if it fails, show what it said and stop."""
    command = [sys.executable, "-m", "nbgrader", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"nbgrader {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")


def explain(result: dict[str, Any]) -> str:
    """Return why a submission could not be graded, in a few words."""
    text = f"{result.get('log', '')}{result.get('error', '')}"
    if "DeadKernelError" in text:
        return "not graded: the kernel died"
    errors = re.findall(r"^(?:\w+\.)*(\w+(?:Error|Exception)): (.*)$", text, re.MULTILINE)
    return f"not graded: {': '.join(errors[-1])}" if errors else "not graded: unknown reason"


def print_table(course: Any, failures: dict[str, str]) -> None:
    """Print one line per student."""
    numbers = " ".join(f"{number:>2}" for number in range(1, len(PROBLEMS) + 2))
    print(f"{'student':8}{'what they did':33}{'score':>8}  {numbers}  by hand  result")
    for student in STUDENTS:
        print(f"{student.name:8}{student.did:33}", end="")
        if student.name in failures:
            blank = " ".join([" ."] * (len(PROBLEMS) + 1))
            print(f"{'-':>4}/100  {blank}  {'-':7}  {failures[student.name]}")
            continue
        rows = grades(course, ASSIGNMENT, NOTEBOOK, student.name)
        score = sum(row["auto_score"] or 0 for row in rows.values())
        total = sum(row["max_score"] for row in rows.values())
        marks = " ".join(f"{mark:>2}" for mark in marks_of(course, student, rows))
        by_hand = "waits" if any(row["needs_manual_grade"] for row in rows.values()) else "-"
        print(f"{score:>4.0f}/{total:.0f}  {marks}  {by_hand:7}  graded")
    names = ", ".join(f"{number} {name}" for number, name in enumerate([*PROBLEMS, "written"], 1))
    print()
    print(textwrap.fill(f"Problems: {names}", 100))
    print(
        "+ right   - wrong   0 not answered   ? waits for grading by hand   "
        f"t stopped after {TIMEOUT} s"
    )


def marks_of(course: Any, student: Student, rows: dict[str, Any]) -> list[str]:
    """Return one character per problem, in order."""
    folder = course.coursedir.format_path(
        course.coursedir.autograded_directory, student.name, ASSIGNMENT
    )
    notebook = nbformat.read(Path(folder) / f"{NOTEBOOK}.ipynb", as_version=4)
    cells = {
        cell.metadata.nbgrader.grade_id: cell
        for cell in notebook.cells
        if "nbgrader" in cell.metadata
    }
    marks = []
    for name in PROBLEMS:
        errors = [output.get("ename") for output in cells[f"test_{name}"].outputs]
        if rows[f"test_{name}"]["auto_score"]:
            marks.append("+")
        elif "raise NotImplementedError()" in cells[name].source:
            marks.append("0")
        else:
            marks.append("t" if "CellTimeoutError" in errors else "-")
    return [*marks, "?" if rows["written"]["needs_manual_grade"] else "0"]


if __name__ == "__main__":
    main()
