"""A temporary nbgrader course, made like the real one: the same configuration, its own folder."""

import logging
import os
import shutil
import sys
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import nbformat

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of nbgrader's dependencies, about each other
    from nbgrader.apps import NbGraderAPI
    from traitlets.config import PyFileConfigLoader

ROOT = Path(__file__).parent.parent
CONFIG = "nbgrader_config.py"


def make_course(folder: Path, timeout: int | None = None) -> NbGraderAPI:
    """Make a course in an empty folder from solutions/ and nbgrader_config.py.

    ``timeout`` replaces the configuration's limit on a cell, in seconds.
    """
    shutil.copytree(ROOT / "solutions", folder / "solutions")
    text = (ROOT / CONFIG).read_text()
    if timeout is not None:
        text += f"\nc.Execute.timeout = {timeout}\n"
    (folder / CONFIG).write_text(text)
    return open_course(folder)


def open_course(folder: Path) -> NbGraderAPI:
    """Return nbgrader's interface to the course in a folder."""
    warnings.simplefilter("ignore")
    logging.getLogger("alembic").setLevel(logging.ERROR)
    programs = str(Path(sys.executable).parent)  # nbgrader starts `alembic` by name
    if programs not in os.environ["PATH"].split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join([programs, os.environ["PATH"]])
    config = PyFileConfigLoader(CONFIG, path=str(folder)).load_config()
    config.NbGraderAPI.log_level = "WARN"
    return NbGraderAPI(config=config)


def release(course: NbGraderAPI, assignments: Iterable[str]) -> None:
    """Make the students' version of assignments; RuntimeError says what went wrong."""
    for assignment in assignments:
        result = course.generate_assignment(assignment)
        if not result["success"]:
            raise RuntimeError(
                f"nbgrader could not make {assignment}:\n{result.get('log')}{result.get('error')}"
            )


def submit(course: NbGraderAPI, student: str, path: str, notebook: nbformat.NotebookNode) -> None:
    """Put a student's notebook, ``path`` being assignment/notebook.ipynb, among the submissions."""
    assignment, name = path.split("/")
    coursedir = course.coursedir
    folder = Path(coursedir.format_path(coursedir.submitted_directory, student, assignment))
    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, folder / name)


def grades(course: NbGraderAPI, assignment: str, notebook: str, student: str) -> dict[str, Any]:
    """Return a graded notebook's rows in the gradebook, by grade_id."""
    with course.gradebook as gradebook:
        submission = gradebook.find_submission_notebook(notebook, assignment, student)
        return {grade.name: grade.to_dict() for grade in submission.grades}


def fill_in(notebook: nbformat.NotebookNode, answers: dict[str, str]) -> nbformat.NotebookNode:
    """Return a copy of a notebook whose answer cells hold other source, by grade_id."""
    notebook = nbformat.from_dict(notebook)
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name in answers:
            cell.source = answers[name]
    return notebook
