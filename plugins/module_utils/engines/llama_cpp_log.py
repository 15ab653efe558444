# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What llama.cpp says in its log and nowhere else. It says it at verbosity 4 and up."""

from __future__ import annotations

import re

VERBOSITY = 4
MOST_BYTES = 1024**2
CACHE = re.compile(r"\b(?:llama_kv_cache|llama_memory_recurrent)\w*:\s+size =\s+(\d+(?:\.\d+)?) MiB")
BUFFER = re.compile(r"\b(?:KV|RS) buffer size =\s+(\d+(?:\.\d+)?) MiB")
DRAFTING = re.compile(r"\badding speculative implementation '([\w-]+)'")
EXPERTS_USED = re.compile(r"\bn_expert_used\s+= (\d+)")


def kv_bytes(log: str) -> int | None:
    """All KV caches and recurrent states of a load, to the hundredth of a MiB that is printed."""
    sizes = CACHE.findall(log) or BUFFER.findall(log)
    return round(sum(map(float, sizes)) * 1024**2) if sizes else None


def experts_used(log: str) -> int | None:
    found = EXPERTS_USED.search(log)
    return int(found[1]) if found else None


def drafting(log: str) -> list[str]:
    """The kinds of speculative decoding that a load set up, in llama.cpp's words."""
    return DRAFTING.findall(log)


def causes(log: str) -> str:
    """The first error lines, which name the cause, else the last lines."""
    lines = log.splitlines()
    errors = [line for line in lines if " E " in line[:24] or line.startswith("error")]
    return " | ".join(line.strip() for line in (errors[:2] or lines[-4:])) or "it said nothing"
