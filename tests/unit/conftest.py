# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Property tests here ask what holds, not how fast: on a busy machine a deadline would fail at random.

LAB_HYPOTHESIS_PROFILE=nightly looks at twenty times as many examples.
"""

from __future__ import annotations

import os

import hypothesis

hypothesis.settings.register_profile("default", deadline=None, max_examples=500)
hypothesis.settings.register_profile(
    "nightly",
    deadline=None,
    max_examples=10_000,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile(os.environ.get("LAB_HYPOTHESIS_PROFILE", "default"))
