# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The other settings that a model is tried with before it is given up. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

from .talk import Settings

IN_TEXT: Settings = {"tool_style": "text"}


def others(alternatives: Sequence[Settings], tool_style: str, calls_failed: bool) -> Iterator[Settings]:
    """The catalog's, in its order, and at last calls in the text, which ask nothing of a template.

    A tool style mends calls and nothing else.
    """
    known = [dict(one) for one in alternatives]
    if tool_style != "text" and IN_TEXT not in known:
        known.append(dict(IN_TEXT))
    return (one for one in known if calls_failed or "chat_template" in one)


def kept(settings: Settings) -> Settings:
    """The settings as they are written down: of a template its name and what tells it from others."""
    plain = {key: value for key, value in settings.items() if key != "chat_template"}
    if "chat_template" in settings:
        plain["chat_template_sha256"] = hashlib.sha256(settings["chat_template"].encode()).hexdigest()
    return plain


def found_again(written: Settings, alternatives: Sequence[Settings]) -> Settings | None:
    """The settings that were written down so; None where the template is not in the catalog any more."""
    return next((dict(one) for one in [*alternatives, IN_TEXT] if kept(one) == written), None)


def named(settings: Settings) -> str:
    parts = []
    if "chat_template" in settings:
        parts.append(f"the chat template {settings.get('chat_template_name') or 'of the catalog'}")
    if "tool_style" in settings:
        parts.append(f"tool_style {settings['tool_style']}")
    return " with ".join(parts)
