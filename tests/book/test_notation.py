"""One notation: variants that the notation page does not have are refused.

Rows of tables are exempt: there the decks' own letters are shown.
"""

import re
from pathlib import Path

import pytest

BOOK = Path(__file__).parents[2] / "book"
PAGES = sorted(BOOK.glob("*.md"))

BANNED = {
    r"\^T\b|\^\{T\}|\^\\mathsf": r"transpose is \top",
    r"\\circ\b": r"the elementwise product is \odot",
    r"\\mathbb\{I\}|\\mathbb\{1\}|\\mathbb 1": "the indicator is [k = c]",
    r"\\mathcal\{[EDCJ]\}": r"the mean loss is \loss",
    r"\\\||\|\|": r"norms are \norm{x}",
    r"\\ln\b": r"the natural logarithm is \log",
    r"\\bm\b|\\vec\b|\\mathbf\b": r"vectors are \vect{x}, matrices \mat{W} (book/macros.yml)",
    r"\\boldsymbol\{\\(delta|theta)\}": r"\vdelta and \vtheta (book/macros.yml)",
    r"\\mathcal\{L\}": r"the mean loss is \loss (book/macros.yml)",
    r"\bn_\\text\{(in|out)\}": r"fan-in and fan-out are \nin and \nout (book/macros.yml)",
    r"\\(mathrm|operatorname)\{(Var|sign|cond)\}": r"\Var, \sign, \cond (book/macros.yml)",
    r"—": "no em-dashes",
}


def lines(page: Path) -> list[tuple[int, str]]:
    """Lines of text: without code cells and tables."""
    found, fence = [], ""
    for number, line in enumerate(page.read_text("utf8").splitlines(), 1):
        if not fence and re.match(r"```+\{code-cell\}|```+python|```+bash", line):
            fence = re.match(r"`+", line)[0]
        elif fence:
            fence = "" if line.strip() == fence else fence
        elif not line.startswith("|"):
            found.append((number, line))
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_no_page_uses_a_banned_variant(page):
    wrong = [
        f"{page.name}:{number}: {reason}: {line.strip()}"
        for number, line in lines(page)
        for pattern, reason in BANNED.items()
        if re.search(pattern, line)
    ]
    assert not wrong, "\n".join(wrong)


def test_the_lint_sees_what_it_bans():
    bad = [r"W^T", r"a \circ b", r"\mathbb{I}", r"\mathcal{E}", r"\|w\|", r"\ln 2"]
    for text in [
        *bad,
        r"\bm x",
        r"\mathbf{x}",
        r"\boldsymbol{\delta}",
        r"\mathcal{L}",
        r"n_\text{in}",
        "a — b",
    ]:
        assert any(re.search(pattern, text) for pattern in BANNED), text
