# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which models of the catalog are worth a trial on which host: what fits, how fast it will be, and why not.

Predictions only: nothing is downloaded, loaded or asked here.
"""

from __future__ import annotations

from .question import Asked, Candidate, Host, ShortlistError, tokens_per_second
from .rows import Row, Verdict
from .table import Shortlist, shortlist

__all__ = [
    "Asked",
    "Candidate",
    "Host",
    "Row",
    "Shortlist",
    "ShortlistError",
    "Verdict",
    "shortlist",
    "tokens_per_second",
]
