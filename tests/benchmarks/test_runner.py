"""The runner: turns, rows, table."""

import json
import subprocess
import sys

import pytest

from benchmarks import report
from benchmarks.runner import REFERENCE, measure
from benchmarks.works import WORKS

COLUMNS = {"work", "case", "threads", "median_s", "min_s", "max_s", "ratio"}


def test_cases_take_turns_after_one_untimed_round():
    calls = []
    cases = {REFERENCE: lambda: calls.append("peer"), "ours": lambda: calls.append("ours")}
    rows = measure("tiny", cases, rounds=3, threads="1")
    assert calls == ["peer", "ours"] * 4
    assert [row["case"] for row in rows] == [REFERENCE, "ours"]


def test_rows_hold_the_times_and_the_ratio_to_the_reference(monkeypatch):
    """A clock of our own: the peer takes 9 (cold), then 4, 2, 3 seconds; ours 9, then 1, 1, 2."""
    clock = [0.0]
    monkeypatch.setattr("benchmarks.runner.time.perf_counter", lambda: clock[0])

    def taking(seconds):
        seconds = iter(seconds)

        def case():
            clock[0] += next(seconds)

        return case

    cases = {REFERENCE: taking([9, 4, 2, 3]), "ours": taking([9, 1, 1, 2])}
    peer, ours = measure("tiny", cases, rounds=3, threads="default")
    shared = {"work": "tiny", "threads": "default"}
    assert peer == shared | {
        "case": REFERENCE, "median_s": 3, "min_s": 2, "max_s": 4, "ratio": 1
    }  # fmt: skip
    assert ours == shared | {
        "case": "ours", "median_s": 1, "min_s": 1, "max_s": 2, "ratio": 0.3333
    }  # fmt: skip


@pytest.fixture(scope="module")
def results():
    return json.loads(report.RESULTS.read_text("utf8"))


def test_the_committed_results_are_complete(results):
    rows = results["rows"]
    assert all(set(row) == COLUMNS for row in rows)
    for work in WORKS:
        for threads in ("default", "1"):
            cases = [r["case"] for r in rows if (r["work"], r["threads"]) == (work.NAME, threads)]
            assert {"labref", REFERENCE} <= set(cases)
            assert len(cases) == len(set(cases))
    assert {row["work"] for row in rows} == {work.NAME for work in WORKS}


def test_the_committed_results_are_consistent(results):
    for row in results["rows"]:
        assert 0 < row["min_s"] <= row["median_s"] <= row["max_s"]
        peer = next(
            r
            for r in results["rows"]
            if (r["work"], r["threads"], r["case"]) == (row["work"], row["threads"], REFERENCE)
        )
        assert row["ratio"] == pytest.approx(row["median_s"] / peer["median_s"], abs=1e-3)


def test_the_committed_results_say_where_they_come_from(results):
    made = results["provenance"]
    assert set(made) == {"command", "date", "cpu", "cores", "system", "versions"}
    assert set(made["versions"]) == {"python", "numpy", "torch", "scikit-learn"}
    assert all(made.values())
    assert all(made["versions"].values())


def test_the_readme_shows_the_committed_results(results):
    text = report.README.read_text("utf8")
    assert report.markdown(results) in text
    assert report.insert_table(text, report.markdown(results)) == text


def test_a_table_replaces_the_one_before_and_nothing_else():
    text = f"above\n{report.BEGIN}\nold\n\n{report.END}below\n"
    assert report.insert_table(text, "new\n") == (
        f"above\n{report.BEGIN}\nnew\n\n{report.END}below\n"
    )


def run(tmp_path, *, mnist, blocked="pass"):
    code = (
        f"import sys; {blocked}; import runpy; runpy.run_module('benchmarks', run_name='__main__')"
    )
    return subprocess.run(
        [sys.executable, "-c", code],
        env={"LABREF_MNIST": str(mnist), "PATH": "", "PYTHONPATH": str(report.FOLDER.parent)},
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        timeout=60,
    )


@pytest.mark.torch
def test_missing_mnist_is_said_with_what_to_do(tmp_path):
    done = run(tmp_path, mnist=tmp_path / "nowhere")
    assert done.returncode == 1
    assert "MNIST: there is no folder" in done.stderr
    assert "LABREF_MNIST" in done.stderr
    assert "Traceback" not in done.stderr


def test_missing_torch_is_said_with_what_to_do(tmp_path):
    blocked = (
        "import importlib.util as u; find = u.find_spec; "
        "u.find_spec = lambda name, *rest: None if name == 'torch' else find(name, *rest)"
    )
    done = run(tmp_path, mnist=tmp_path, blocked=blocked)
    assert done.returncode == 1
    assert done.stderr.strip().endswith("is not installed: make torch")
    assert "Traceback" not in done.stderr
