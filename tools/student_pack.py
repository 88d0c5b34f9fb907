"""Zip what students need: notebooks, the labref package, requirements, how to start.

    python tools/student_pack.py

Writes _build/student-pack.zip. Needs no network.
"""

import io
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACK = ROOT / "_build" / "student-pack.zip"
REQUIRED = ("jupyterlab", "matplotlib", "numpy", "scikit-learn", "tqdm")
SECRETS = ("BEGIN SOLUTION", "BEGIN HIDDEN TESTS", "BEGIN MARK SCHEME")
# Of every file in the zip, so that the same content gives the same zip.
DATE = (2026, 1, 1, 0, 0, 0)

START = """\
# How to start

You need Python 3.11 or newer. In this folder:

    python -m venv .venv
    source .venv/bin/activate            (on Windows: .venv\\Scripts\\activate)
    python -m pip install -r requirements.txt
    jupyter lab

Open a notebook in `exercises/` and read its first cell, which says how it works. When you are done,
choose *Kernel > Restart Kernel and Run All Cells*, save, and hand in the notebook under the name it
has.

`requirements.txt` installs the versions with which your work will be graded, and `labref`, the
course's package, from the `.whl` file beside it.
"""


def build_wheel(folder: Path) -> Path:
    """Build labref's wheel in a folder, from a copy, so that nothing old gets in."""
    source = folder / "source"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "labref", source / "labref", ignore=ignore)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
    command += ["--no-build-isolation", "--no-index", "--wheel-dir", str(folder), str(source)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"labref's wheel could not be built:\n{done.stdout}{done.stderr}")
    [wheel] = folder.glob("*.whl")
    return wheel


def requirements(wheel: str) -> str:
    """Return the requirements file: the locked versions, and the wheel beside the file."""
    lock = (ROOT / "requirements.lock").read_text()
    lines = re.findall(r"^([\w.-]+)==([^\s\\]+)( ; [^\\\n]+?)? \\$", lock, re.MULTILINE)
    pins = [f"{name}=={version}{marker}" for name, version, marker in lines if name in REQUIRED]
    missing = set(REQUIRED) - {pin.split("==")[0] for pin in pins}
    if missing:
        sys.exit(f"requirements.lock: expected {', '.join(sorted(missing))} in it, found none")
    return "\n".join([f"./{wheel}", *pins]) + "\n"


def collect(folder: Path) -> dict[str, bytes]:
    """Return the content of the pack: path in the zip -> bytes."""
    wheel = build_wheel(folder)
    files = {
        "START.md": START.encode(),
        "requirements.txt": requirements(wheel.name).encode(),
        wheel.name: wheel.read_bytes(),
    }
    for path in sorted((ROOT / "exercises").rglob("*")):
        if path.is_file() and ".ipynb_checkpoints" not in path.parts:
            files[path.relative_to(ROOT).as_posix()] = path.read_bytes()
    return files


def check(files: dict[str, bytes]) -> None:
    """Stop if a solution or a hidden test would get into students' hands."""
    contents = dict(files)
    for name, content in files.items():
        if name.endswith(".whl"):  # packed: look at the files inside
            with zipfile.ZipFile(io.BytesIO(content)) as wheel:
                contents |= {f"{name}: {inside}": wheel.read(inside) for inside in wheel.namelist()}
    for name, content in contents.items():
        for secret in SECRETS:
            if secret.encode() in content:
                sys.exit(
                    f"{name} has a line with {secret!r}: run `make exercises`. Nothing written."
                )


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        files = collect(Path(folder))
    check(files)
    PACK.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(PACK, "w", zipfile.ZIP_DEFLATED) as pack:
        for name, content in files.items():
            pack.writestr(zipfile.ZipInfo(f"student-pack/{name}", DATE), content)
    print(f"wrote {PACK.relative_to(ROOT)}:")
    for name, content in files.items():
        print(f"  {name} ({len(content) / 1000:.0f} kB)")


if __name__ == "__main__":
    main()
