"""The progress bar of long loops."""

import os
import subprocess
import sys

import pytest

LOOP = """
import time
from labref._progress import progress_bar
for _ in progress_bar(range(5), "epoch", {show}):
    time.sleep(0.6)
"""


@pytest.mark.parametrize(
    ("show", "disabled", "shown"), [(True, "", True), (False, "", False), (True, "1", False)]
)
def test_a_loop_of_three_seconds_shows_a_bar_if_it_is_wanted(show, disabled, shown):
    run = subprocess.run(
        [sys.executable, "-c", LOOP.format(show=show)],
        env={**os.environ, "TQDM_DISABLE": disabled},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout == ""
    assert (" epoch" in run.stderr) == shown, run.stderr
