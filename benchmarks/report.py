"""The results as JSON and as a table in benchmarks/README.md."""

import datetime
import os
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

from benchmarks.works import WORKS

PACKAGES = ("numpy", "torch", "scikit-learn", "autograd")
FOLDER = Path(__file__).parent
RESULTS = FOLDER / "results.json"
README = FOLDER / "README.md"
BEGIN, END = "<!-- results begin -->\n", "<!-- results end -->\n"


def provenance() -> dict[str, Any]:
    """Return what the results depend on."""
    return {
        "command": "python -m benchmarks",
        "date": datetime.date.today().isoformat(),
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "system": platform.system(),
        "versions": {
            "python": platform.python_version(),
            **{name: metadata.version(name) for name in PACKAGES},
        },
    }


def _cpu_model() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def markdown(results: dict[str, Any]) -> str:
    """Return the results as a Markdown table with a line on where they come from."""
    made = results["provenance"]
    versions = ", ".join(f"{name} {version}" for name, version in made["versions"].items())
    lines = [
        f"{made['date']}, {made['cpu']}, {made['cores']} cores, {made['system']}; {versions}.",
        "",
        "| work | case | threads | median (ms) | min to max (ms) | ratio to PyTorch | goal |",
        "|---|---|---|---:|---:|---:|---:|",
    ]
    goals = {work.name: work.goal for works in WORKS.values() for work in works}
    for row in results["rows"]:
        median, low, high = (_milliseconds(row[key]) for key in ("median_s", "min_s", "max_s"))
        goal = goals[row["work"]].get(row["threads"], "") if row["case"] == "labref" else ""
        lines.append(
            f"| {row['work']} | {row['case']} | {row['threads']} | {median} | {low} to {high} "
            f"| {row['ratio']:.2f} | {goal} |"
        )
    return "\n".join(lines) + "\n"


def _milliseconds(seconds: float) -> str:
    milliseconds = 1000 * seconds
    return f"{milliseconds:.0f}" if milliseconds >= 100 else f"{milliseconds:.3g}"


def insert_table(text: str, table: str) -> str:
    """Return ``text`` with ``table`` between its two markers."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table}\n{END}{after}"
