# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a canary is honest: what must fail fails, what must pass passes, again and again, whoever cheats."""

from __future__ import annotations

from .checks import Check, Job, jobs
from .run import Report, verify
from .stage import Stage

__all__ = ["Check", "Job", "Report", "Stage", "jobs", "verify"]
