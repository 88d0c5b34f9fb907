"""Execute chapters: book/NN-name.md (text notebooks, edited by hand) -> book/NN-name.ipynb.

    python tools/notebooks.py book/01-backprop.md ...

Run by `make notebooks` for the chapters that are older than their text or than labref.
"""

import os
import sys
from pathlib import Path

import jupytext
import nbformat
from macros import expand
from nbclient import NotebookClient


def read_chapter(path: Path) -> nbformat.NotebookNode:
    """Return the notebook that a chapter's text describes, not yet executed."""
    notebook = jupytext.read(path)
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number:03}"
        if cell.cell_type == "markdown":
            cell.source = expand(cell.source)
    return notebook


def execute(path: Path) -> nbformat.NotebookNode:
    """Return the chapter executed in its own folder; its errors are raised."""
    notebook = read_chapter(path)
    os.environ["TQDM_DISABLE"] = "1"
    NotebookClient(
        notebook,
        store_widget_state=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(path.parent)}},
    ).execute()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
    notebook.metadata["language_info"] = {"name": "python"}
    return notebook


def main(names: list[str]) -> None:
    for name in names:
        path = Path(name)
        notebook = execute(path)
        nbformat.validate(notebook)
        path.with_suffix(".ipynb").write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")
        print(f"executed {path} -> {path.with_suffix('.ipynb')}")


if __name__ == "__main__":
    main(sys.argv[1:])
