"""Write out the LaTeX macros of the book's sources (book/macros.yml).

tools/notebooks.py does so for the chapters; as a Sphinx extension this does so for the other pages.
"""

import re
from pathlib import Path
from typing import Any

import yaml

MACROS: dict[str, str] = yaml.safe_load(
    (Path(__file__).parents[1] / "book/macros.yml").read_text("utf8")
)
USE = re.compile(rf"\\({'|'.join(MACROS)})(?![A-Za-z])")


def expand(text: str) -> str:
    """Return the text with each macro replaced by its LaTeX.

    Raises
    ------
    ValueError
        If an argument is missing or its braces are not closed.
    """
    while use := USE.search(text):
        latex, end = MACROS[use[1]], use.end()
        for number in range(1, 3):
            if f"#{number}" in latex:
                argument, end = _argument(text, end, use[0])
                latex = latex.replace(f"#{number}", argument)
        text = text[: use.start()] + latex + text[end:]
    return text


def _argument(text: str, start: int, macro: str) -> tuple[str, int]:
    """Return what stands in the braces that open at `start`, and where they have closed."""
    depth = 0
    for end in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[end], 0)
        if depth == 0:
            break
    if text[start : start + 1] != "{" or depth:
        raise ValueError(f"{macro} needs {{...}} after it, not {text[start : start + 30]!r}")
    return text[start + 1 : end], end + 1


def _expand_page(app: Any, name: str, source: list[str]) -> None:
    if Path(app.env.doc2path(name)).suffix != ".ipynb":
        source[0] = expand(source[0])


def setup(app: Any) -> dict[str, bool]:
    """Make this a Sphinx extension."""
    app.connect("source-read", _expand_page)
    return {"parallel_read_safe": True}
