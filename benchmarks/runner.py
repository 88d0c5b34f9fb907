"""Timing cases side by side."""

import statistics
import time
from collections.abc import Callable, Mapping

from tqdm import tqdm

REFERENCE = "PyTorch eager"
PAUSE = 0.005  # seconds, in which the previous library's waiting threads go to sleep


def measure(
    work: str, cases: Mapping[str, Callable[[], object]], rounds: int, threads: str
) -> list[dict[str, str | float]]:
    """Run every case once to warm up and then once per round, in turn; return a row per case.

    Taking turns lets whatever else the machine does fall on all cases alike.
    """
    seconds: dict[str, list[float]] = {case: [] for case in cases}
    with tqdm(total=(rounds + 1) * len(cases), leave=False, delay=2) as bar:
        for round_ in range(rounds + 1):
            for case, run in cases.items():
                bar.set_description(f"threads: {threads}, {case}")
                time.sleep(PAUSE)
                start = time.perf_counter()
                run()
                if round_ > 0:
                    seconds[case].append(time.perf_counter() - start)
                bar.update()
    reference = statistics.median(seconds[REFERENCE])
    return [
        {
            "work": work,
            "case": case,
            "threads": threads,
            "median_s": round(statistics.median(times), 6),
            "min_s": round(min(times), 6),
            "max_s": round(max(times), 6),
            "ratio": round(statistics.median(times) / reference, 4),
        }
        for case, times in seconds.items()
    ]
