"""The map of the course: complete, and every entry leads somewhere."""

import importlib
import inspect
import re
from collections import Counter
from pathlib import Path

import pytest
import yaml

from labref.layers import Layer
from labref.optimizers import Optimizer
from tools import course_map

ROOT = Path(__file__).parents[2]
CHAPTERS = yaml.safe_load(course_map.DATA.read_text("utf8"))
ROWS = [row for chapter in CHAPTERS for row in chapter["rows"]]
# How many rows the syllabus has for each chapter.
SYLLABUS = {"1": 10, "2": 6, "3": 10, "4": 11, "5": 7, "6": 9, "7": 10, "8": 7}


def resolve(name):
    """Return what ``labref.name`` is: a function, a class or something in one."""
    thing = importlib.import_module("labref")
    path = "labref"
    for part in name.split("."):
        path = f"{path}.{part}"
        if not hasattr(thing, part):
            importlib.import_module(path)
        thing = getattr(thing, part)
    return thing


def test_every_row_of_the_syllabus_is_there_once_and_in_order():
    assert [row["row"] for row in ROWS] == [
        f"{chapter}.{number}" for chapter, rows in SYLLABUS.items() for number in range(1, rows + 1)
    ]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["row"])
def test_every_object_exists_and_a_test_of_its_row_names_it(row):
    assert row["labref"], "a row names at least one object"
    texts = [(ROOT / "tests" / "labref" / test).read_text("utf8") for test in row["tests"]]
    for name in row["labref"]:
        assert resolve(name).__doc__, name
        assert any(name.rpartition(".")[2] in text for text in texts), f"no test names {name}"


def test_the_page_is_made_from_the_data():
    assert course_map.PAGE.read_text("utf8") == course_map.page(CHAPTERS)


def test_every_public_layer_optimizer_activation_and_minimizer_is_on_the_map():
    on_the_map = Counter(name.rpartition(".")[2] for row in ROWS for name in row["labref"])
    for package in ("layers", "optimizers", "activations", "minimize"):
        module = importlib.import_module(f"labref.{package}")
        for name in getattr(module, "__all__", ()):
            thing = getattr(module, name)
            is_algorithm = (
                issubclass(thing, Layer | Optimizer)
                if inspect.isclass(thing)
                else (inspect.isfunction(thing))
            )
            if is_algorithm and not inspect.isabstract(thing):
                assert on_the_map[name], f"labref.{package}.{name} is in no row"


def test_every_row_leads_to_its_section_in_the_rendered_book(html):
    for chapter in CHAPTERS:
        name = chapter["assignment"].partition(" ")[0]
        for row in chapter["rows"]:
            page = "04-pretraining" if row["row"] == "1.10" else name
            text = (html / f"{page}.html").read_text("utf8")
            assert f'id="{row["section"]}"' in text, f"row {row['row']}: no {row['section']}"


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter["title"])
def test_exercises_are_there_or_marked_as_to_come(chapter):
    """The mark must go once the assignment is there."""
    name, to_come, _ = chapter["assignment"].partition(" (to come)")
    folder = ROOT / "solutions" / name
    assert folder.exists() != bool(to_come), f"{name} is {'' if folder.exists() else 'not '}there"
    graded = {function for row in chapter["rows"] for function in row.get("exercise", ())}
    assert graded, "a chapter has exercises"
    if not to_come:
        text = "".join(path.read_text("utf8") for path in folder.glob("*.ipynb"))
        ids = set(re.findall(r'"grade_id": "([\w-]+)"', text))
        assert graded <= ids, f"{name} does not grade {graded - ids}"
