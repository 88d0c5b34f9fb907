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
    rows = {name: [int(cell or 0) for cell in COUNTS[name][:-1]] for name in [*"ABCDE", "all"]}
    for name, (*in_chapters, checked) in rows.items():
        assert checked == sum(in_chapters), name
    columns = zip(*(rows[name] for name in "ABCDE"), strict=True)
    assert rows["all"] == [sum(column) for column in columns]


def test_every_entry_has_both_formulas_a_reference_and_a_cell():
    for name, entries in DECKS.items():
        for entry in entries:
            for part in (f"deck {name}", "| as printed |", "| corrected |", "print("):
                assert part in entry, (part, entry)
            assert re.search(r"\{(eq|ref|numref)\}`", entry), entry
