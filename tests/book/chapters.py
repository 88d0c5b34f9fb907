"""Where the chapters are."""

from pathlib import Path

CHAPTERS = sorted((Path(__file__).parents[2] / "book").glob("[0-9]*.md"))
