"""One label names an equation, the code that implements it and the test that checks it."""

import re
from pathlib import Path

import nbformat
import pytest

from tests.book.chapters import CHAPTERS

ROOT = Path(__file__).parents[2]


def labels_in_chapters() -> list[str]:
    """Labels of the displayed equations, as `$$ (eq-name)` defines them."""
    return [
        label
        for path in CHAPTERS
        for label in re.findall(r"^\$\$ \((eq-[\w-]+)\)", path.read_text("utf8"), re.M)
    ]


def labels_in(files: list[Path]) -> set[tuple[str, str]]:
    """Labels named in files, each with the name of its file."""
    return {
        (label, path.name)
        for path in files
        for label in re.findall(r"\beq-[a-zA-Z][\w-]*\w", path.read_text("utf8"))
    }


def labels_in_labref() -> set[tuple[str, str]]:
    return labels_in(sorted((ROOT / "labref").rglob("*.py")))


def labels_checked() -> set[str]:
    """Labels that a test's `equation` marker names."""
    return {
        label
        for path in (ROOT / "tests").rglob("test_*.py")
        for arguments in re.findall(r"mark\.equation\(([^)]*)\)", path.read_text("utf8"))
        for label in re.findall(r"eq-[\w-]+", arguments)
    }


def test_each_label_is_defined_once():
    labels = labels_in_chapters()
    assert len(labels) > 20
    assert sorted(labels) == sorted(set(labels))


def test_every_label_in_labref_is_an_equation_of_the_book():
    missing = {pair for pair in labels_in_labref() if pair[0] not in labels_in_chapters()}
    assert not missing, f"docstrings name equations that no chapter has: {missing}"


def test_every_equation_in_labref_is_checked_by_a_test():
    unchecked = {pair for pair in labels_in_labref() if pair[0] not in labels_checked()}
    assert not unchecked, f"no test is marked equation(...) for: {unchecked}"


def test_every_marker_names_an_equation():
    assert labels_checked() <= set(labels_in_chapters())


@pytest.mark.parametrize("folder", ["solutions", "exercises"])
def test_every_label_in_an_assignment_is_an_equation_of_the_book(folder):
    files = sorted((ROOT / folder).rglob("*.ipynb"))
    assert files
    missing = {pair for pair in labels_in(files) if pair[0] not in labels_in_chapters()}
    assert not missing, f"assignments cite equations that no chapter has: {missing}"


def test_every_figure_says_its_message(notebook: nbformat.NotebookNode):
    """A cell that draws has a caption, a name and an alt text of at least 40 characters."""
    for cell in notebook.cells:
        drawn = any("image/svg+xml" in o.get("data", {}) for o in cell.get("outputs", []))
        if drawn:
            options = cell.metadata.get("mystnb", {})
            assert options["figure"]["caption"], cell.id
            assert options["figure"]["name"].startswith("fig-"), cell.id
            assert len(options["image"]["alt"]) >= 40, cell.id


def test_every_figure_is_announced(chapter: Path):
    text = chapter.read_text("utf8")
    for name in re.findall(r"^ +name: (fig-[\w-]+)", text, re.M):
        assert f"{{numref}}`{name}`" in text, f"no sentence refers to {name}"
