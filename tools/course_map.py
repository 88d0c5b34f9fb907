"""Make the page "Map of the course" from its data: book/map.yml -> book/map.md.

    python tools/course_map.py

Run by `make book` when the data are newer than the page.
"""

from pathlib import Path
from typing import Any

import yaml

BOOK = Path(__file__).parents[1] / "book"
DATA = BOOK / "map.yml"
PAGE = BOOK / "map.md"

HEAD = """\
% Made from map.yml by tools/course_map.py; edit that.
# Map of the course

Each row of the syllabus: the section of the book, the objects of `labref` that hold it, the
functions that the assignment has you write, and the tests. Names are given without `labref.` in
front, tests without `tests/labref/`.
"""


def page(chapters: list[dict[str, Any]]) -> str:
    """Return the page's text."""
    return HEAD + "".join(
        f"\n## {chapter['number']} {chapter['title']}\n\nAssignment: {chapter['assignment']}.\n\n"
        "```{table}\n:class: wide full-width\n\n"
        "| row | what | `labref` | exercise | tests |\n|---|---|---|---|---|\n"
        + "".join(map(_line, chapter["rows"]))
        + "```\n"
        for chapter in chapters
    )


def _line(row: dict[str, Any]) -> str:
    what = f"{{ref}}`{row['what']} <{row['section']}>`"
    lists = (", ".join(f"`{n}`" for n in row.get(k, ())) for k in ("labref", "exercise", "tests"))
    return f"| {row['row']} | {what} | {' | '.join(lists)} |\n"


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(yaml.safe_load(DATA.read_text("utf8"))), encoding="utf8")


if __name__ == "__main__":
    main()
