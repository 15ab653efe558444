# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Property tests here ask what holds, not how fast: on a busy machine a deadline would fail at random."""

from __future__ import annotations

import hypothesis

hypothesis.settings.register_profile("lab", deadline=None)
hypothesis.settings.load_profile("lab")
