"""Each bug known from other codebases has a test that it does not occur here."""

import re
import tomllib
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
LABREF = TESTS.parent / "labref"
PITFALLS = tomllib.loads(Path(__file__).with_name("pitfalls.toml").read_text("utf8"))


def marked() -> set[str]:
    """Pitfalls that a test is marked with."""
    return {
        number
        for path in TESTS.rglob("test_*.py")
        for arguments in re.findall(r"mark\.pitfall\(([^)]*)\)", path.read_text("utf8"))
        for number in re.findall(r"P\d+", arguments)
    }


def test_every_pitfall_has_a_test():
    assert len(PITFALLS) == 31
    missing = {number: PITFALLS[number] for number in PITFALLS.keys() - marked()}
    assert not missing, f"no test is marked pitfall(...) for: {missing}"


def test_every_marker_names_a_pitfall():
    assert marked() <= PITFALLS.keys()


@pytest.mark.pitfall("P28")
def test_no_module_draws_from_a_global_generator():
    allowed = {"Generator", "default_rng", "PCG64", "SeedSequence"}
    for path in LABREF.rglob("*.py"):
        used = set(re.findall(r"np\.random\.(\w+)", path.read_text("utf8"))) - allowed
        assert not used, f"{path.name} uses numpy.random.{used.pop()}"
        assert not re.search(r"^(import random|from random)", path.read_text("utf8"), re.M), path
