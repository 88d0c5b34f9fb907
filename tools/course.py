"""A temporary nbgrader course, made like the real one: the same configuration, its own folder."""

import logging
import os
import shutil
import sys
import warnings
from collections.abc import Iterable
from pathlib import Path

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
    # nbgrader starts `alembic`, and kernels, by name.
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    os.environ["TQDM_DISABLE"] = "1"
    for name in ("traitlets", "alembic"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    warnings.simplefilter("ignore")
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


def fill_in(notebook: nbformat.NotebookNode, answers: dict[str, str]) -> nbformat.NotebookNode:
    """Return a copy of a notebook whose answer cells hold other source, by grade_id."""
    notebook = nbformat.from_dict(notebook)
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name in answers:
            cell.source = answers[name]
    return notebook
