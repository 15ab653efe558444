# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages in a real browser: they ask for nothing, complain of nothing, and are read on a phone without scrolling."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.local_llm.lab.plugins.plugin_utils.findings import write_reports
from ansible_collections.local_llm.lab.tests.tools.browser import Browser, chromium
from ansible_collections.local_llm.lab.tests.tools.card_picture import PICTURE, page_digest, pictured_digest

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(chromium() is None, reason="Chromium is not installed: no page was opened in it"),
]
PHONE, DESK = (375, 812), (1100, 900)
# What is wider than the screen, but for what scrolls by itself.
WIDE = """[...document.querySelectorAll("main *")].filter(one => !one.closest(".scroll, svg")
    && one.getBoundingClientRect().right > innerWidth + 0.5).map(one => one.outerHTML.slice(0, 120))"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with Browser(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@pytest.fixture(params=["card", "comparison", "interim"])
def page(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    good_summary: dict[str, Any],
    failing_summary: dict[str, Any],
    interim_summary: dict[str, Any],
) -> Path:
    if request.param == "interim":
        (formats,) = write_reports(interim_summary, tmp_path)["cards"].values()
        return Path(formats["html"])
    failing_summary["sweep"]["name"] = "another-sweep"
    written = write_reports(good_summary, tmp_path, before=good_summary, elsewhere=[failing_summary])
    (formats,) = written["cards"].values()
    return Path((formats if request.param == "card" else written["comparison"])["html"])


def test_a_page_asks_for_nothing_and_fits_a_phone(page: Path, browser: Browser) -> None:
    for width, height in (PHONE, DESK):
        for dark in (False, True):
            browser.open(page, width, height, dark=dark)
            assert browser.requests() == [page.resolve().as_uri()]
            assert browser.complaints() == []
            assert browser.value("document.documentElement.scrollWidth") <= width
            assert browser.value(WIDE) == []
            background = browser.value("getComputedStyle(document.body).backgroundColor")
            assert background == ("rgb(15, 18, 21)" if dark else "rgb(243, 245, 247)")
    assert browser.value("document.querySelectorAll('h2').length") > 1


def test_what_a_page_asks_for_would_be_seen(tmp_path: Path, browser: Browser) -> None:
    """The page's own policy stops it, and both show."""
    page = tmp_path / "asks.html"
    page.write_text("<img src='file:///nowhere.png'><script>console.error('no'); nothing.at.all</script><h2>a</h2>")
    browser.open(page, *PHONE)
    assert len(browser.requests()) == 2
    assert len(browser.complaints()) >= 2


def test_the_picture_in_the_readme_is_of_today_s_card() -> None:
    """After a change of a template, a plot or a word: .venv/bin/python -m tests.tools.card_picture."""
    assert pictured_digest(PICTURE.read_bytes()) == page_digest()
