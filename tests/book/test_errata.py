"""The errata page counts its own entries rightly, and each entry is complete."""

import re
from pathlib import Path

PAGE = (Path(__file__).parents[2] / "book/90-errata.md").read_text("utf8")
DECKS = {
    name: re.split(r"^### ", text, flags=re.M)[1:]
    for name, text in re.findall(r"^## Deck (\w)$(.*?)(?=^## |^\(\w)", PAGE, re.M | re.S)
}
COUNTS = {
    cells[0]: cells[1:]
    for cells in (
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in PAGE.partition("## Deck")[0].splitlines()
        if line.startswith("|")
    )
}


def test_every_deck_has_as_many_entries_as_the_table_says():
    assert {name: int(COUNTS[name][-1]) for name in "ABCDE"} == {
        name: len(entries) for name, entries in DECKS.items()
    }
    assert int(COUNTS["all"][-1]) == sum(map(len, DECKS.values()))


def test_formulas_checked_add_up():
    for name in "ABCDE":
        in_chapters = re.findall(r"chapter \d: (\d+)", COUNTS[name][1])
        assert int(COUNTS[name][0]) == sum(map(int, in_chapters)), name
    assert int(COUNTS["all"][0]) == sum(int(COUNTS[name][0]) for name in "ABCDE")


def test_every_entry_has_both_formulas_a_reference_and_a_cell():
    for name, entries in DECKS.items():
        for entry in entries:
            for part in (f"deck {name}", "| as printed |", "| corrected |", "print("):
                assert part in entry, (part, entry)
            assert re.search(r"\{(eq|ref|numref)\}`", entry), entry
