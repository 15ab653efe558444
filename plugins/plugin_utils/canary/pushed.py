# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How what was pushed gets out of the agent's sandbox: as a bundle, which the controller keeps and never opens."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path

from ..sandbox import Sandbox, SandboxDied

EXPORT_SECONDS = 150.0


@dataclass(frozen=True)
class Unusable:
    """Something was pushed, or the origin spoilt, so that no bundle can be made of it: why."""

    reason: str


def collect(sandbox: Sandbox, last: bytes | None, path: Path) -> Path | Unusable | None:
    """What is on main of the origin now, as a bundle at `path`; None while that is the start.

    Of a sandbox that is dead, what counts is the last bundle it gave.
    """
    try:
        reply = sandbox.call("export", {}, EXPORT_SECONDS)
    except SandboxDied:
        bundle = last
    else:
        if not reply.get("ok"):
            return Unusable(str(reply.get("error")))
        bundle = base64.b64decode(reply["bundle"]) if reply["bundle"] is not None else None
    if bundle is None:
        return None
    path.write_bytes(bundle)
    return path
