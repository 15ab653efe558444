# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page about smoke names every check, what kind it is, and how long it may take, as the code has it."""

from __future__ import annotations

import re
from pathlib import Path

from ansible_collections.local_llm.lab.plugins.plugin_utils.smoke.checks import (
    LIMITS_SECONDS,
    REST_SECONDS,
    TOGETHER,
    smoke,
)
from ansible_collections.local_llm.lab.plugins.plugin_utils.smoke.talk import Subject
from ansible_collections.local_llm.lab.tests.fakes.able_model import AbleModel

PAGE = Path(__file__).parents[3] / "docs" / "smoke.md"


def test_the_table_has_every_check_with_its_kind_and_its_limit() -> None:
    page = PAGE.read_text("utf-8")
    table = page[page.index("<!-- limits:") : page.index("<!-- limits end -->")]
    rows = re.findall(r"^[|] (`.+?`) [|] (\w+) [|] (\d+) [|]", table, re.MULTILINE)
    listed = {name: (kind, float(limit)) for names, kind, limit in rows for name in re.findall(r"`(\w+)`", names)}
    with AbleModel() as model:
        made = smoke(Subject("able", model.base_url, None, "llama_cpp", "able", 2048), str, lambda line: None).checks
    alone = {part: name for name, parts in TOGETHER.items() for part in parts}
    assert listed == {
        check["name"]: (check["numbers"]["kind"], LIMITS_SECONDS[alone.get(check["name"], check["name"])])
        for check in made
    }
    assert list(listed) == [check["name"] for check in made], "in the order they are made"
    assert f"share {REST_SECONDS:.0f} seconds" in page
