"""The rendered pages in a browser: complete, quiet, and without a network."""

import functools
import gzip
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class Fetched(HTMLParser):
    """Collects what a page makes a browser fetch, and its images."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.images: list[dict[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag in ("script", "img", "iframe", "source") and attributes.get("src"):
            self.addresses.append(str(attributes["src"]))
        if tag == "link" and attributes.get("rel") in ("stylesheet", "preload", "icon"):
            self.addresses.append(str(attributes["href"]))
        if tag == "img":
            self.images.append(attributes)


def pages(html: Path) -> list[Path]:
    return sorted(html.glob("*.html"))


def test_the_expected_pages_are_there(html):
    names = {page.stem for page in pages(html)}
    expected = {"index", "using-the-lab", "notation", "01-backprop", "glossary", "bibliography"}
    assert expected <= names


def test_pages_name_nothing_outside_to_fetch(html):
    for page in pages(html):
        parser = Fetched()
        parser.feed(page.read_text("utf8"))
        outside = [a for a in parser.addresses if re.match(r"(https?:)?//", a)]
        assert not outside, f"{page.name} fetches {outside}"
        gone = [
            a
            for a in parser.addresses
            if not a.startswith("data:") and not (html / re.sub(r"[?#].*", "", a)).exists()
        ]
        assert not gone, f"{page.name} names files that are not there: {gone}"


def test_every_image_has_a_telling_alternative(html):
    for page in pages(html):
        parser = Fetched()
        parser.feed(page.read_text("utf8"))
        for image in parser.images:
            assert len(image.get("alt") or "") >= 40, f"{page.name}: {image.get('src')}"


def test_style_sheets_import_nothing_from_outside(html):
    for sheet in html.rglob("*.css"):
        found = re.findall(r"(?:@import|url\()\s*[\"']?((?:https?:)?//[^\"')]+)", sheet.read_text())
        assert not found, f"{sheet.name} fetches {found}"


@functools.cache
def sent(name: str) -> int:
    """Return how many bytes a server sends for a file, compressed; fonts and MathJax are free."""
    path = Path(name)
    free = "mathjax" in path.parts or path.suffix in (".woff", ".woff2", ".ttf")
    return 0 if free or not path.is_file() else len(gzip.compress(path.read_bytes()))


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=CHROMIUM_OPTIONS
        )


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_pages_are_complete_quiet_and_light(html, browser, width, scheme):
    """No error, no request that fails or goes outside, all maths set, nothing too wide or heavy."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True
    )
    page = context.new_page()
    events = []
    page.on("console", lambda m: m.type == "error" and events.append(f"console: {m.text}"))
    page.on("pageerror", lambda error: events.append(f"script error: {error}"))
    page.on("requestfailed", lambda request: events.append(f"failed: {request.url}"))
    page.on(
        "request",
        lambda r: r.url.startswith(("file:", "data:", "blob:")) or events.append(f"asks {r.url}"),
    )
    loaded = set()
    page.on("request", lambda request: loaded.add(unquote(urlsplit(request.url).path)))
    for path in pages(html):
        events.clear()
        loaded.clear()
        page.goto(path.as_uri())
        page.wait_for_function(
            "() => document.querySelectorAll('.math').length"
            " === document.querySelectorAll('.math mjx-container').length"
            " && document.querySelectorAll('mjx-merror').length === 0"
        )
        assert not events, f"{path.name}: {events}"
        assert page.evaluate("document.documentElement.dataset.theme") == scheme
        overflow = page.evaluate("document.documentElement.scrollWidth") - width
        assert overflow <= 0, f"{path.name} is {overflow} pixels wider than a {width} pixel screen"
        assert str(path) in loaded
        weight = sum(map(sent, loaded))
        assert weight < 1_500_000, f"{path.name} weighs {weight / 1e6:.2f} MB"
    context.close()


@pytest.mark.browser
def test_figures_follow_the_dark_mode(html, browser):
    """Figures are drawn dark on light, and inverted in dark mode only."""
    filters = {}
    for scheme in ("light", "dark"):
        context = browser.new_context(color_scheme=scheme)
        page = context.new_page()
        page.goto((html / "01-backprop.html").as_uri())
        figure = page.locator("img[src$='.svg']").first
        filters[scheme] = figure.evaluate("image => getComputedStyle(image).filter")
        context.close()
    assert filters["light"] == "none"
    assert "invert(1)" in filters["dark"]


@pytest.mark.browser
@pytest.mark.isolated
def test_a_chapter_reads_without_any_network(html, tmp_path):
    """Chromium in a network namespace of its own, with no interface at all, sets every formula."""
    page = html / "01-backprop.html"
    isolation = ["bwrap", "--dev-bind", "/", "/", "--unshare-net", "--die-with-parent"]
    chromium = ["chromium", "--headless", *CHROMIUM_OPTIONS, f"--user-data-dir={tmp_path}"]
    run = subprocess.run(
        [*isolation, *chromium, "--virtual-time-budget=20000", "--dump-dom", page.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
    )
    written = len(re.findall(r'class="math ', page.read_text("utf8")))
    assert written > 100
    assert run.stdout.count("<mjx-container") == written, run.stderr[-2000:]
