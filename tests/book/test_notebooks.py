"""The executed notebooks are whole, and made from the chapters' text as it is now.

That their outputs come out again is tested by nbval, which `make test` runs on book/*.ipynb.
"""

import copy
import re
import subprocess
import sys

import nbformat

from tests.book.chapters import CHAPTERS
from tools.notebooks import read_chapter


def problems(notebook: nbformat.NotebookNode) -> list[str]:
    """What makes a stored notebook worthless as a reference for its outputs."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    counts = [cell.execution_count for cell in cells]
    found = []
    if counts != list(range(1, len(cells) + 1)):
        found.append(f"execution counts are {counts}, expected 1..{len(cells)}")
    if not any(cell.outputs for cell in cells):
        found.append("no cell has outputs")
    for cell in cells:
        if "print(" in cell.source and not cell.outputs and "def " not in cell.source:
            found.append(f"cell {cell.id} prints but has no output")
        found += [
            f"cell {cell.id} ends in {output.ename}"
            for output in cell.outputs
            if output.output_type == "error"
        ]
        found += [
            f"cell {cell.id} writes to stderr: {output.text}"
            for output in cell.outputs
            if output.get("name") == "stderr"
        ]
    return found


def test_chapters_are_found():
    assert "01-backprop" in [path.stem for path in CHAPTERS]


def test_notebook_is_completely_executed(notebook):
    assert problems(notebook) == []


def test_stripped_notebook_is_refused(notebook):
    stripped = copy.deepcopy(notebook)
    for cell in stripped.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    assert any("execution counts" in problem for problem in problems(stripped))
    assert "no cell has outputs" in problems(stripped)


def test_partly_executed_notebook_is_refused(notebook):
    partly = copy.deepcopy(notebook)
    last = [cell for cell in partly.cells if cell.cell_type == "code"][-1]
    last.outputs, last.execution_count = [], None
    assert any("execution counts" in problem for problem in problems(partly))


def test_notebook_is_made_from_the_text(chapter, notebook):
    """If this fails, the text has changed since: run `make notebooks`."""
    expected = [(c.cell_type, c.source, c.metadata, c.id) for c in read_chapter(chapter).cells]
    assert [(c.cell_type, c.source, c.metadata, c.id) for c in notebook.cells] == expected


def test_figures_tell_their_data(notebook):
    """Every figure's text form holds the data behind it, so that nbval compares them."""
    figures = [
        output.data["text/plain"]
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if "image/svg+xml" in output.get("data", {})
    ]
    assert figures
    for text in figures:
        assert text.startswith("Figure\naxes"), text


def test_nbval_notices_another_output(tmp_path, root):
    """A changed print and a changed figure both fail; the untouched notebook passes."""
    good = nbformat.v4.new_notebook(
        metadata={"kernelspec": {"name": "python3", "display_name": "p", "language": "python"}},
        cells=[
            nbformat.v4.new_code_cell(
                "import matplotlib.pyplot as plt\nfrom labref import notebook\nnotebook.setup()\n"
                "print('12 test images')\nplt.plot(range(157))\nplt.show()",
                id="a",
            )
        ],
    )
    from nbclient import NotebookClient

    NotebookClient(good, store_widget_state=False, coalesce_streams=True).execute()
    text = nbformat.writes(good)
    notebooks = {
        "good": text,
        "print": text.replace('"12 test images', '"12 test pictures'),
        "figure": text.replace("157 points", "158 points"),
    }
    assert len(set(notebooks.values())) == 3
    for name, content in notebooks.items():
        (tmp_path / f"{name}.ipynb").write_text(content, "utf8")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--nbval", "-q", "-rA"]
    command += ["--nbval-sanitize-with", str(root / "tests/book/sanitize.cfg"), str(tmp_path)]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    found = {
        name: verdict
        for verdict, name in re.findall(r"^(PASSED|FAILED) .*?(\w+)\.ipynb", run.stdout, re.M)
    }
    assert found == {"good": "PASSED", "print": "FAILED", "figure": "FAILED"}, run.stdout
