"""The runner: turns, rows, table."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks import report
from benchmarks.__main__ import ONE_THREAD, main
from benchmarks.runner import REFERENCE, Work, compare, measure
from benchmarks.works import WORKS

COLUMNS = {"work", "case", "threads", "median_s", "min_s", "max_s", "ratio"}


def work(cases, rounds=3, **settings):
    """Return a work whose cases ignore the problem."""
    prepared = {name: lambda _, run=run: run for name, run in cases.items()}
    return Work("tiny", lambda: None, prepared, rounds=rounds, **settings)


def test_cases_take_turns_after_one_untimed_round():
    calls = []
    cases = {
        REFERENCE: lambda: calls.append("peer") or [1],
        "ours": lambda: calls.append("o") or [1],
    }
    rows = measure(work(cases), threads="1")
    assert calls == ["peer", "o"] * 4
    assert [row["case"] for row in rows] == [REFERENCE, "ours"]


def test_all_cases_get_one_problem():
    problems = []
    cases = {name: lambda p: problems.append(p) or (lambda: [p]) for name in (REFERENCE, "ours")}
    measure(Work("tiny", lambda: np.arange(3), cases, rounds=1), threads="1")
    assert problems[0] is problems[1]


def test_rows_hold_the_times_and_the_ratio_to_the_reference(monkeypatch):
    """A clock of our own: the peer takes 9 (cold), then 4, 2, 3 seconds; ours 9, then 1, 1, 2."""
    clock = [0.0]
    monkeypatch.setattr("benchmarks.runner.time.perf_counter", lambda: clock[0])

    def taking(seconds):
        seconds = iter(seconds)

        def case():
            clock[0] += next(seconds)
            return [1]

        return case

    cases = {REFERENCE: taking([9, 4, 2, 3]), "ours": taking([9, 1, 1, 2])}
    peer, ours = measure(work(cases), threads="default")
    shared = {"work": "tiny", "threads": "default"}
    assert peer == shared | {
        "case": REFERENCE, "median_s": 3, "min_s": 2, "max_s": 4, "ratio": 1
    }  # fmt: skip
    assert ours == shared | {
        "case": "ours", "median_s": 1, "min_s": 1, "max_s": 2, "ratio": 0.3333
    }  # fmt: skip


@pytest.mark.parametrize(
    ("ours", "message"),
    [
        ((np.array([1.0, 2.1]), 3), "ours: result 0 differs by 5.0e-02"),
        ((np.array([1.0, 2.0]), -3), "ours: result 1 differs by 2.0e"),
        ((np.array([[1.0, 2.0]]), 3), "ours: result 0 differs"),
        ((np.array([1.0, np.nan]), 3), "ours: result 0 differs by nan"),
    ],
)
def test_nothing_is_timed_where_results_differ(ours, message):
    cases = {"ours": lambda: ours, REFERENCE: lambda: (np.array([1.0, 2.0]), 3)}
    with pytest.raises(ArithmeticError, match=message):
        measure(work(cases), threads="1")


def test_results_may_differ_by_the_tolerance():
    compare({"ours": (np.array([1.0, 2.1]),), REFERENCE: (np.array([1.0, 2.0]),)}, tolerance=0.06)


@pytest.fixture(scope="module")
def results():
    return json.loads(report.RESULTS.read_text("utf8"))


def test_the_committed_results_are_complete(results):
    assert all(set(row) == COLUMNS for row in results["rows"])
    found = [(row["threads"], row["work"], row["case"]) for row in results["rows"]]
    assert found == [
        (threads, work.name, case)
        for threads in ("default", "1")
        for works in WORKS.values()
        for work in works
        for case in work.cases
    ]


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
    assert set(made["versions"]) == {"python", *report.PACKAGES}
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


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.00046712, "0.467"), (0.0121, "12.1"), (0.2054, "205"), (1.8821, "1882")],
)
def test_times_are_shown_with_three_digits_or_to_the_millisecond(seconds, shown):
    assert report._milliseconds(seconds) == shown


def run(tmp_path, *arguments, mnist, blocked="pass"):
    code = (
        f"import sys; {blocked}; sys.argv[1:] = {arguments}; "
        "import runpy; runpy.run_module('benchmarks', run_name='__main__')"
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


def test_an_unknown_work_is_refused_with_the_names_of_those_there_are(tmp_path):
    done = run(tmp_path, "adam", "eve", mnist=tmp_path)
    assert done.returncode == 2
    assert "there is no work eve; there are convolution, batch_norm" in done.stderr


@pytest.fixture
def processes(monkeypatch):
    """Let main start no process; return what it would have started, as (arguments, environment)."""
    started = []

    def start(arguments, env, **_):
        started.append((arguments, env))
        return SimpleNamespace(stdout="[]")

    fake = SimpleNamespace(run=start, PIPE=subprocess.PIPE)
    monkeypatch.setattr("benchmarks.__main__.subprocess", fake)
    monkeypatch.setattr("benchmarks.__main__.importlib.util.find_spec", lambda name: True)
    monkeypatch.setattr("benchmarks.__main__.load_mnist", lambda: None)
    monkeypatch.setattr("benchmarks.__main__.report.provenance", lambda: {"versions": {}} | MADE)
    return started


MADE = dict.fromkeys(("date", "cpu", "cores", "system"), "here")


def test_results_are_written_only_if_all_works_are_timed(processes, monkeypatch, tmp_path):
    for name in ("RESULTS", "README"):
        monkeypatch.setattr(report, name, tmp_path / name)
    report.README.write_text(f"{report.BEGIN}{report.END}")
    monkeypatch.setattr("sys.argv", ["benchmarks", "adam", "max_pool"])
    main()
    assert not report.RESULTS.exists()
    monkeypatch.setattr("sys.argv", ["benchmarks"])
    main()
    assert json.loads(report.RESULTS.read_text())["rows"] == []
    assert "ratio to PyTorch" in report.README.read_text()
    named = [arguments[-2:] for arguments, _ in processes]
    assert named[:2] == [["adam", "max_pool"]] * 2
    assert named[2:] == [list(WORKS)[-2:]] * 2


@pytest.mark.pitfall("P24")
def test_every_work_is_timed_with_one_thread_too(processes, monkeypatch):
    """With several, BLAS is slower on small matrices, or not, from run to run."""
    monkeypatch.setattr("sys.argv", ["benchmarks", "adam"])
    main()
    (by_default, as_is), (with_one, environment) = processes
    assert by_default[-2:] == ["default", "adam"]
    assert with_one[-2:] == ["1", "adam"]
    assert as_is == dict(os.environ)

    count = "len(os.listdir('/proc/self/task'))"
    code = f"import os, numpy; numpy.dot(*numpy.ones((2, 500, 500))); print({count})"
    if Path("/proc/self/task").exists():
        assert run_python(code, environment) == "1"


@pytest.mark.torch
@pytest.mark.pitfall("P24")
def test_one_thread_means_one_for_pytorch():
    code = "import torch; print(torch.get_num_threads())"
    assert run_python(code, {**os.environ, **ONE_THREAD}) == "1"


def run_python(code, environment):
    """Return what a new Python prints."""
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()
