# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files a sweep leaves: pages that stand alone, commands that work, a decision a machine can read."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.local_llm.lab.plugins.plugin_utils.findings import write_reports

Summary = dict[str, Any]
VOID_ELEMENTS = {"meta", "br", "link", "use"}
KINDS = ["good_summary", "failing_summary", "interim_summary"]


class Page(HTMLParser):
    """Collects what a browser would fetch, and whether every element is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.open: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("src", "href", "xlink:href", "srcset", "data") and not (value or "").startswith("#"):
                self.fetched.append(f"{tag} {name}={value}")
        if tag not in VOID_ELEMENTS:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID_ELEMENTS:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID_ELEMENTS:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def parsed(path: str) -> Page:
    page = Page()
    page.feed(Path(path).read_text())
    page.close()
    return page


@pytest.fixture(params=KINDS)
def any_summary(request: pytest.FixtureRequest) -> Summary:
    summary: Summary = request.getfixturevalue(request.param)
    return summary


def test_every_report_is_there_and_nothing_else(any_summary: Summary, tmp_path: Path) -> None:
    model = next(iter(any_summary["models"]))
    result = write_reports(any_summary, tmp_path / "reports")
    assert sorted(path.name for path in (tmp_path / "reports").iterdir()) == sorted(
        [f"{name}.{ending}" for name in (f"card-{model}", "comparison") for ending in ("html", "json", "md")]
        + ["decision.yml"]
    )
    assert all(Path(path).is_file() for path in [*result["cards"][model].values(), result["decision"]])
    assert 1 <= len(result["headlines"][model]) <= 5


def test_the_same_summary_gives_the_same_bytes(any_summary: Summary, tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_reports(json.loads(json.dumps(any_summary)), tmp_path / name)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes(), path.name


def test_a_model_that_no_host_serves_has_a_card_that_says_so(good_summary: Summary, tmp_path: Path) -> None:
    good_summary["models"]["elsewhere"] = dict(next(iter(good_summary["models"].values())))
    result = write_reports(good_summary, tmp_path)
    assert len(result["cards"]) == 2 and result["decisions"]
    card = json.loads(Path(result["cards"]["elsewhere"]["json"]).read_text())
    assert card["recommendation"]["headline"] == "Not measured: no host of this sweep serves this model"


def test_the_page_is_whole_and_asks_for_nothing(any_summary: Summary, tmp_path: Path) -> None:
    result = write_reports(any_summary, tmp_path)
    (formats,) = result["cards"].values()
    page = parsed(formats["html"])
    assert page.fetched == []
    assert page.open == []
    source = Path(formats["html"]).read_text()
    assert source.count("<svg") == 5
    assert not re.search(r"url\((?!#)|@import|<script", source)
    # No stand-in colour is left, no plot keeps a font of its own.
    assert not re.search(r"#0102[01][0-9a-f]|DejaVu Sans'", source)


def test_page_text_and_terminal_agree_on_the_recommendation(any_summary: Summary, tmp_path: Path) -> None:
    result = write_reports(any_summary, tmp_path)
    (formats,) = result["cards"].values()
    (lines,) = result["headlines"].values()
    card = json.loads(Path(formats["json"]).read_text())
    said = card["recommendation"]["headline"]
    page = " ".join("".join(parsed(formats["html"]).text).replace("\u00a0", " ").split())
    markdown = Path(formats["md"]).read_text()
    assert said in page
    assert said in markdown
    assert said in lines[0]
    for sentence in [*card["recommendation"]["sentences"], card["recommendation"]["caveat"]]:
        assert sentence in page
        assert sentence in markdown
    assert page.index(said) < page.index("Biggest caveat") < page.index("Config to deploy") < page.index("Evidence")


def test_markdown_tables_have_as_many_columns_as_their_head(any_summary: Summary, tmp_path: Path) -> None:
    (formats,) = write_reports(any_summary, tmp_path)["cards"].values()
    tables = re.findall(r"(?:^\|.*\|\n)+", Path(formats["md"]).read_text(), flags=re.MULTILINE)
    assert len(tables) >= 4
    for table in tables:
        assert len({line.count("|") for line in table.splitlines()}) == 1, table


def test_hostile_names_stay_text(summary_of: Callable[..., Summary], tmp_path: Path) -> None:
    """A canary's name or a smoke detail comes from files and models: none of it may become markup."""
    evil = "<script>alert(1)</script>|x"
    summary = summary_of(lambda *_unused: ("passed", None, None), canaries={evil: 0})
    summary["smokes"][0]["checks"][0]["detail"] = evil
    summary["cells"][1].update(factor="prompt", level=f"{evil} $x_1$")
    (formats,) = write_reports(summary, tmp_path)["cards"].values()
    assert "<script" not in Path(formats["html"]).read_text()
    text = "".join(parsed(formats["html"]).text)
    assert evil in text
    # Once per plot with labels and in the tables, never typeset as mathematics.
    assert text.count(f"prompt {evil} $x_1$") >= 5


def test_the_decision_is_plain_yaml(good_summary: Summary, failing_summary: Summary, tmp_path: Path) -> None:
    good = yaml.safe_load(Path(write_reports(good_summary, tmp_path / "good")["decision"]).read_text())
    (builder, reviewer) = good["decisions"]
    assert builder["chosen"]["model"] == "example-30b-a3b"
    assert builder["chosen"]["load"]["context_tokens"] == 4096
    assert reviewer["chosen"] is None
    text = Path(write_reports(failing_summary, tmp_path / "bad")["decision"]).read_text()
    bad = yaml.safe_load(text)
    assert bad["decisions"][0]["chosen"] is None
    assert bad["decisions"][0]["why"].startswith("None is good enough")
    assert len(bad["decisions"][0]["losing"]) == 3
    assert "&id" not in text


def test_a_report_replaces_the_one_before_and_leaves_no_scraps(failing_summary: Summary, tmp_path: Path) -> None:
    write_reports(failing_summary, tmp_path)
    before = {path.name for path in tmp_path.iterdir()}
    failing_summary["generation"]["state"] = "open"
    write_reports(failing_summary, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == before
    assert yaml.safe_load((tmp_path / "decision.yml").read_text())["interim"] is True


@pytest.mark.skipif(not shutil.which("jq"), reason="jq is not installed: the commands on a card were not run")
def test_the_commands_on_the_card_confirm_it(good_summary: Summary, tmp_path: Path) -> None:
    folder = tmp_path / "reports" / "demo" / "1"
    for trial in good_summary["trials"]:
        artifacts = tmp_path / "trials" / "1" / trial["id"] / str(trial["attempts"][-1]["number"])
        artifacts.mkdir(parents=True)
        (artifacts / "record.json").write_text(json.dumps(trial["record"]))
        (artifacts / "transcript.jsonl").write_text('{"event": "header"}\n{"event": "verdict"}\n')
    (formats,) = write_reports(good_summary, folder)["cards"].values()
    card = json.loads(Path(formats["json"]).read_text())
    answers = {
        one["claim"]: subprocess.run(
            ["bash", "-euo", "pipefail", "-c", one["command"]], cwd=folder, capture_output=True, text=True, check=True
        ).stdout.split()
        for one in card["verify"]
    }
    assert answers["baseline: 23 of 24 counted trials passed"] == ["1", "failed", "23", "passed"]
    endings = answers["How the 72 trials that ran ended, from their own records"]
    assert dict(zip(endings[1::2], endings[::2], strict=True)) == {"passed": "65", "capability": "4", "tokens": "3"}
    assert len(answers["Tokens of every one of them, and whether the engine counted them"]) == 72
    assert len(answers) == 4


def test_a_card_of_many_cells_and_trials_is_quick_and_small(summary_of: Callable[..., Summary], tmp_path: Path) -> None:
    summary = summary_of(
        lambda cell, canary, replicate: ("passed", None, None) if replicate % 2 else ("failed", "turns", None),
        temperatures=tuple(round(0.1 * step, 1) for step in range(1, 13)),
        canaries={f"canary_{number}": number % 4 for number in range(6)},
        replicates=8,
    )
    (formats,) = write_reports(summary, tmp_path)["cards"].values()
    card = json.loads(Path(formats["json"]).read_text())
    assert len(card["cells"]) == 13
    assert len(card["trials"]) == 13 * 6 * 8
    assert Path(formats["html"]).stat().st_size < 2_000_000
