# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the collection lies on the controller, a checkout or an installed one."""

from __future__ import annotations

from pathlib import Path

COLLECTION_ROOT = Path(__file__).resolve().parents[2]
SHIPPED_CANARIES = COLLECTION_ROOT / "canaries"
