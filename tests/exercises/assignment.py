"""An assignment's source notebook, its test cells run in this process."""

import contextlib
import io
import warnings
from dataclasses import dataclass
from pathlib import Path
from types import CodeType
from typing import Any

import nbformat

ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True)
class Answer:
    """Somebody's answer to a problem: a function or class, and what its test is to say about it."""

    problem: str
    value: Any
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.problem}-{self.value.__name__}"


class Bank(list[Answer]):
    """Answers, each added by a decorator."""

    def add(self, problem: str, hint: str = "") -> Any:
        def register(value: Any) -> Any:
            self.append(Answer(problem, value, hint))
            return value

        return register


class Assignment:
    """The cells of solutions/<name>/<notebook>.ipynb."""

    def __init__(self, path: str) -> None:
        self.notebook = nbformat.read(ROOT / "solutions" / path, as_version=4)
        self.metadata = {
            cell.metadata.nbgrader.grade_id: cell.metadata.nbgrader
            for cell in self.notebook.cells
            if "nbgrader" in cell.metadata
        }
        self.sources = {
            cell.metadata.nbgrader.grade_id: cell.source
            for cell in self.notebook.cells
            if "nbgrader" in cell.metadata and cell.cell_type == "code"
        }
        self.problems = [name.removeprefix("test_") for name in self.sources if "test_" in name]

    def test_code(self, problem: str) -> CodeType:
        """Return a problem's test cell, the visible and the hidden part, compiled."""
        return compile(self.sources[f"test_{problem}"], f"test_{problem}", "exec")

    def solutions(self) -> dict[str, Any]:
        """Return the namespace in which all answer cells have been run."""
        namespace: dict[str, Any] = {}
        for name in ["setup", *self.problems]:
            exec(self.sources[name], namespace)
        return namespace

    def run_test(self, problem: str, namespace: dict[str, Any]) -> str:
        """Return what a problem's test cell says of the answers in a namespace, "" if it passes."""
        try:
            with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                exec(self.test_code(problem), dict(namespace))
        except Exception as error:
            return f"{type(error).__name__}: {error}"
        return ""


BACKPROP = Assignment("01-backprop/backprop.ipynb")
