# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Git on the controller: only ever on what a canary's author wrote, and without anything of the caller's set-up.

What an agent had its hands on is opened in a sandbox alone: a repository's configuration and hooks are programs.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

from .model import CanaryError

_DATE = "2026-01-01T00:00:00Z"
# Nothing of the caller's: neither its configuration, nor its templates and hooks, nor its GIT_* variables.
ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin",
    "HOME": "/nonexistent",
    "LC_ALL": "C",
    "TZ": "UTC",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_AUTHOR_NAME": "lab",
    "GIT_AUTHOR_EMAIL": "lab@lab.invalid",
    "GIT_AUTHOR_DATE": _DATE,
    "GIT_COMMITTER_NAME": "lab",
    "GIT_COMMITTER_EMAIL": "lab@lab.invalid",
    "GIT_COMMITTER_DATE": _DATE,
}
_SETTINGS = ("core.hooksPath=/dev/null", "core.logAllRefUpdates=false", "core.autocrlf=false", "gc.auto=0")


def git(folder: Path, *arguments: str, environment: Mapping[str, str] | None = None, remedy: str | None = None) -> str:
    """What git says; CanaryError when it fails."""
    settings = [word for setting in _SETTINGS for word in ("-c", setting)]
    # Without a ceiling, a folder inside somebody's checkout would count as that checkout's.
    variables = {
        **(ENVIRONMENT if environment is None else environment),
        "GIT_CEILING_DIRECTORIES": str(folder.resolve().parent),
    }
    try:
        result = subprocess.run(
            ["git", *settings, *arguments], cwd=folder, env=variables, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        raise CanaryError("git is not installed on this controller.", "Install git.") from None
    if result.returncode != 0:
        said = (result.stderr or result.stdout).strip()
        what = next(word for word in arguments if not word.startswith("-"))
        raise CanaryError(f"git {what} failed in {folder}: {said}", remedy or "Check the canary's patches.")
    return result.stdout
