"""The chapters and the rendered book."""

import os
from pathlib import Path

import nbformat
import pytest

from tests.book.chapters import CHAPTERS

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(params=CHAPTERS, ids=lambda path: path.stem)
def chapter(request: pytest.FixtureRequest) -> Path:
    """The text of a chapter."""
    return request.param


@pytest.fixture
def notebook(chapter: Path) -> nbformat.NotebookNode:
    """The executed notebook of a chapter."""
    return nbformat.read(chapter.with_suffix(".ipynb"), as_version=4)


@pytest.fixture(scope="session")
def html() -> Path:
    """The rendered book."""
    folder = ROOT / "_build" / "html"
    if not (folder / "index.html").exists():
        (pytest.fail if os.environ.get("CI") else pytest.skip)("no book: run `make book` first")
    return folder
