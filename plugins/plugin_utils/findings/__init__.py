# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding cards and the decision: what a sweep's trials say, and how sure that is.

`write_reports(summary, folder)` does it all; `build_card`, `decide`, `headline`, `render_markdown` and `render_html`
are its parts.
"""

from __future__ import annotations

from .card import build_card
from .decision import decide
from .headline import headline
from .html import render_html
from .markdown import render_markdown
from .writing import write_reports

__all__ = ["build_card", "decide", "headline", "render_html", "render_markdown", "write_reports"]
