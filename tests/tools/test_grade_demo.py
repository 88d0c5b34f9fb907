"""One real run of `make grade-demo`: collect, autograde, feedback, export, table."""

import csv
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.exercises.assignment import BACKPROP

STUDENTS = ["ada", "ben", "cem", "dora", "eli", "fay", "gus", "hana", "ivan", "june"]


@pytest.fixture(scope="module")
def demo(root: Path, tmp_path_factory) -> SimpleNamespace:
    folder = tmp_path_factory.mktemp("demo") / "course"
    done = subprocess.run(
        [sys.executable, root / "tools" / "grade_demo.py", "--keep", folder],
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    with (folder / "grades.csv").open() as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    lines = {line.split()[0]: line for line in done.stdout.splitlines() if "/100" in line}
    return SimpleNamespace(folder=folder, rows=rows, lines=lines, done=done)


def points(*problems: str) -> int:
    return sum(BACKPROP.metadata[f"test_{problem}"].points for problem in problems)


ALL = points(*BACKPROP.problems)
EARNED = {
    "ada": ALL,
    "ben": ALL,
    "cem": ALL - points("softmax"),
    "dora": ALL - points("numerical_gradient", "Multiply"),
    "eli": points(*BACKPROP.problems[:7]),
    "fay": 0,
    "gus": 0,
    "hana": ALL - points("train", "digits_network"),
    "ivan": 0,
    "june": ALL - points("numerical_gradient"),
}


@pytest.mark.parametrize("student", STUDENTS)
def test_the_exported_grade_is_the_one_intended(demo, student):
    assert float(demo.rows[student]["score"]) == EARNED[student]
    assert float(demo.rows[student]["max_score"]) == 100


def test_everybody_is_exported_and_in_the_table(demo):
    assert list(demo.rows) == STUDENTS == list(demo.lines)


@pytest.mark.parametrize("student", [name for name in STUDENTS if name != "ivan"])
def test_the_table_has_the_same_score_and_one_mark_per_problem(demo, student):
    line = demo.lines[student]
    assert f"{EARNED[student]}/100" in line
    marks = line.split("/100")[1].split()[:13]
    points_of_marks = [
        BACKPROP.metadata[f"test_{problem}"].points
        for problem, mark in zip(BACKPROP.problems, marks, strict=False)
        if mark == "+"
    ]
    assert sum(points_of_marks) == EARNED[student]


@pytest.mark.parametrize(
    ("student", "marks", "end"),
    [
        ("ada", "+ + + + + + + + + + + + ?", "waits graded"),
        ("eli", "+ + + + + + + 0 0 0 0 0 ?", "waits graded"),
        ("fay", "- - - - - - - - - - - - ?", "waits graded"),
        ("gus", "0 0 0 0 0 0 0 0 0 0 0 0 0", "- graded"),
        ("ivan", ". . . . . . . . . . . . .", "- not graded: the kernel died"),
        ("june", "+ + + + + + + + t + + + ?", "waits graded"),
    ],
)
def test_the_table_says_what_happened(demo, student, marks, end):
    assert " ".join(demo.lines[student].split("/100")[1].split()) == f"{marks} {end}"


def test_everybody_who_was_graded_gets_feedback(demo):
    folder = demo.folder / "grading" / "feedback"
    pages = {path.parts[-3]: path.read_text() for path in folder.rglob("*.html")}
    assert sorted(pages) == sorted(set(STUDENTS) - {"ivan"})
    hint = "this is a one-sided difference; step to both sides"
    assert f"Hint: {hint}" in pages["dora"]
    assert f"Hint: {hint}" not in pages["ada"]


def test_the_course_keeps_to_its_folder(demo):
    made = {path.name for path in demo.folder.iterdir()}
    assert made == {"exercises", "grades.csv", "grading", "nbgrader_config.py", "solutions"}


def test_nothing_but_the_report_is_printed(demo):
    assert demo.done.stderr == ""
    assert f"autograde 10/10: {STUDENTS[-1]} ... " in demo.done.stdout
    assert f"Grades:   {demo.folder / 'grades.csv'}" in demo.done.stdout


def test_keep_wants_a_new_folder(root: Path, tmp_path: Path):
    done = subprocess.run(
        [sys.executable, root / "tools" / "grade_demo.py", "--keep", tmp_path],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "expected a folder that does not exist yet" in done.stderr
