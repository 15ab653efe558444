# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host's programs that make sandboxes."""

from __future__ import annotations

import shutil

# sbin too: pivot_root and ip live there, and an ordinary user's PATH may lack it. A Mac's docker may be Homebrew's.
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/homebrew/bin"
HOST_ENVIRONMENT = {"PATH": _PATH, "LANG": "C.UTF-8"}


class Unfit(Exception):
    """Why a backend cannot be used here."""


def program(name: str) -> str:
    path = shutil.which(name, path=HOST_ENVIRONMENT["PATH"])
    if path is None:
        raise Unfit(f"{name} is not installed")
    return path
