# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page about the doctor lists the checks there are."""

from __future__ import annotations

from ansible_collections.local_llm.lab.tests.tools.doctor_table import PAGE, written


def test_the_tables_are_the_checks() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert written(page) == page, "run: python -m tests.tools.doctor_table"
