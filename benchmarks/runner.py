"""Timing the cases of a work side by side."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from tqdm import tqdm

REFERENCE = "PyTorch eager"
PAUSE = 0.005  # seconds, in which the previous library's waiting threads go to sleep

Result = Sequence[np.ndarray | float]
Run = Callable[[], Result]


@dataclass(frozen=True)
class Work:
    """Something to do, and the ways to do it.

    Attributes
    ----------
    name
        What is done, for the table.
    problem
        Makes what all cases share: data, start and settings.
    cases
        For each way, by name, a function that prepares it for a problem and returns a function
        without arguments, which does the work once and returns what must agree between the cases.
        One case is ``REFERENCE``.
    goal
        The ratio to ``REFERENCE`` that labref is to reach, by threads.
    rounds
        How often each case is timed.
    tolerance
        How far a result may be from that of ``REFERENCE``, relative to the largest number in it.
    """

    name: str
    problem: Callable[[], Any]
    cases: Mapping[str, Callable[[Any], Run]]
    goal: Mapping[str, float] = field(default_factory=dict)
    rounds: int = 15
    tolerance: float = 1e-4


def measure(work: Work, threads: str) -> list[dict[str, str | float]]:
    """Run every case once to warm up and then once per round, in turn; return a row per case.

    Taking turns lets whatever else the machine does fall on all cases alike. The warm-up's results
    must agree, or there is an ArithmeticError.
    """
    problem = work.problem()
    runs = {case: prepare(problem) for case, prepare in work.cases.items()}
    seconds: dict[str, list[float]] = {case: [] for case in runs}
    with tqdm(total=(work.rounds + 1) * len(runs), leave=False, delay=2) as bar:
        for round_ in range(work.rounds + 1):
            results = {}
            for case, run in runs.items():
                bar.set_description(f"threads: {threads}, {case}")
                time.sleep(PAUSE)
                start = time.perf_counter()
                result = run()
                if round_ > 0:
                    seconds[case].append(time.perf_counter() - start)
                else:
                    results[case] = result
                del result
                bar.update()
            if round_ == 0:
                compare(results, work.tolerance)
    reference = statistics.median(seconds[REFERENCE])
    return [
        {
            "work": work.name,
            "case": case,
            "threads": threads,
            "median_s": round(statistics.median(times), 7),
            "min_s": round(min(times), 7),
            "max_s": round(max(times), 7),
            "ratio": round(statistics.median(times) / reference, 4),
        }
        for case, times in seconds.items()
    ]


def compare(results: Mapping[str, Result], tolerance: float) -> None:
    """Raise ArithmeticError if a case's result differs from that of ``REFERENCE``."""
    for case, result in results.items():
        for i, (ours, theirs) in enumerate(zip(result, results[REFERENCE], strict=True)):
            error = np.max(np.abs(ours - theirs)) / np.max(np.abs(theirs))
            if np.shape(ours) != np.shape(theirs) or not error <= tolerance:
                raise ArithmeticError(f"{case}: result {i} differs by {error:.1e} from {REFERENCE}")
