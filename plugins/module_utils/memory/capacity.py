# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host has: memory, processors, GPUs."""

from __future__ import annotations

import os
import platform
import subprocess
from typing import Any

from .host import available, swap, total


def capacity() -> dict[str, Any]:
    swap_total, swap_free = swap()
    return {
        "total_bytes": total(),
        "available_bytes": available(),
        "swap_total_bytes": swap_total,
        "swap_free_bytes": swap_free,
        "cpu_count": os.cpu_count(),
        "system": platform.system(),
        "machine": platform.machine(),
        "gpus": gpus(),
    }


def gpus() -> list[str]:
    """The names of the NVIDIA GPUs; none where their tool is not there or finds none."""
    try:
        answer = subprocess.run(
            ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"],
            capture_output=True, text=True, check=True, timeout=30,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return []
    return [line.strip() for line in answer.stdout.splitlines() if line.strip()]
