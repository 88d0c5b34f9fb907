"""Make the students' notebooks: solutions/ -> exercises/.

    python tools/exercises.py

Works in a temporary course and replaces exercises/ only when every assignment has been made:
nbgrader itself deletes a release that it cannot make anew.
"""

import sys
import tempfile
from pathlib import Path

from course import ROOT, make_course, release


def assignments() -> list[str]:
    """Return the names of all assignments."""
    return sorted(path.name for path in (ROOT / "solutions").iterdir() if path.is_dir())


def generate(folder: Path) -> Path:
    """Make the students' version of every assignment in a folder; return where it lies."""
    release(make_course(folder), assignments())
    return folder / "exercises"


def main() -> None:
    build = ROOT / "_build"
    build.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=build) as folder:
        try:
            made = generate(Path(folder))
        except RuntimeError as error:
            sys.exit(f"{error}\nexercises/ is as it was.")
        replace(ROOT / "exercises", made, Path(folder) / "replaced")
    for path in sorted((ROOT / "exercises").rglob("*.ipynb")):
        print(f"wrote {path.relative_to(ROOT)}")


def replace(old: Path, new: Path, away: Path) -> None:
    """Put the folder ``new`` where ``old`` is and move ``old`` ``away``."""
    if old.exists():
        old.rename(away)
    new.rename(old)


if __name__ == "__main__":
    main()
