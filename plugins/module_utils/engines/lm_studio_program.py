# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""LM Studio's program `lms`, run only while its server answers.

A command that is not told a port starts the daemon when none runs, so each is told one; `import` and `daemon status`
take none and start nothing. Models are named by their exact path: without `--exact` the first fuzzy hit is loaded.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
from pathlib import Path
from typing import Any

from .. import processes
from .base import EngineError, EngineNotInstalled, EngineUnreachable, LoadFailed, LoadRequest
from .lm_studio_home import OURS

LOOK_SECONDS = 60.0
LINK_SECONDS = 120.0
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class Program:
    """`path` is the program; `port` is where the server it shall talk to listens."""

    def __init__(self, path: str, port: int) -> None:
        self.path = path
        self.port = port

    def server(self) -> str | None:
        """Name and version of what serves: `llmster 0.0.12-1`, or LM Studio with a screen."""
        said = re.search(r"^(.+?) v(\S+) is running", self._run(["daemon", "status"], LOOK_SECONDS), re.MULTILINE)
        return f"{said.group(1)} {said.group(2)}" if said else None

    def runtime(self) -> str | None:
        """Name and version of the llama.cpp that it chose for this hardware."""
        survey = self._read(["runtime", "survey"])
        engines = survey.get("engines") if isinstance(survey, dict) else None
        for one in engines if isinstance(engines, list) else ():
            if isinstance(one, dict) and one.get("engine") == "llama.cpp":
                return f"{one.get('name')} {one.get('version')}"
        return None

    def keys_of(self, request: LoadRequest, folder: Path) -> set[str]:
        """The keys under which the requested file is listed."""
        return {key for key, path in self._listed() if _is_file(folder / path, path, request)}

    def load(self, key: str, request: LoadRequest, folder: Path, timeout_seconds: float) -> None:
        """All of it on the GPU: a model that does not fit there is refused by admission, not split in silence."""
        listed = [path for one, path in self._listed() if one == key]
        path = next((one for one in listed if _is_file(folder / one, one, request)), listed[0] if listed else None)
        if path is None:
            raise LoadFailed(f"lms ls does not list {key}.", "compare lms ls --json with LM Studio's /api/v1/models")
        words = ["load", path, "--exact", "-y", "--gpu", "max", "--identifier", request.name]
        words += ["--context-length", str(request.context_tokens), "--parallel", str(request.parallel)]
        self._run([*words, "--port", str(self.port)], timeout_seconds)

    def link(self, file: str, user_repo: str, same_disk: bool) -> None:
        """Give a file a second name in LM Studio's models folder: `import` alone would move it there."""
        self._run(["import", "-y", "-L" if same_disk else "-l", "--user-repo", user_repo, file], LINK_SECONDS)

    def _listed(self) -> list[tuple[str, str]]:
        listed = self._read(["ls"])
        entries = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
        pairs = [(one.get("modelKey"), one.get("path")) for one in entries]
        return [(key, path) for key, path in pairs if isinstance(key, str) and isinstance(path, str)]

    def _read(self, words: list[str]) -> Any:
        said = self._run([*words, "--json", "--port", str(self.port)], LOOK_SECONDS)
        try:
            return json.loads(said)
        except (ValueError, RecursionError) as error:
            raise EngineError(
                f"lms {' '.join(words)} --json says what is no JSON: {said[:120]}", f"run it by hand: {self.path}"
            ) from error

    def _run(self, words: list[str], timeout_seconds: float) -> str:
        try:
            process = subprocess.Popen(
                [self.path, *words],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=processes.minimal_environment(),
                start_new_session=True,
            )
        except OSError as error:
            raise EngineNotInstalled(
                f"The program {self.path} cannot be run: {error.strerror}.",
                "set lms in lab_engine_options to LM Studio's lms (~/.lmstudio/bin/lms), or leave it out",
            ) from error
        try:
            said, complaint = process.communicate(timeout=timeout_seconds)
        except subprocess.TimeoutExpired as error:
            raise EngineUnreachable(
                f"lms {words[0]} did not end within {timeout_seconds:g} s.",
                "raise timeout_seconds or see LM Studio's log",
            ) from error
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.communicate()
        if process.returncode:
            text = COLOUR.sub("", (complaint or said).decode(errors="replace"))
            lines = [line.strip() for line in text.splitlines() if line.strip()]
            raise EngineError(
                f"lms {words[0]} failed: {' '.join(lines)[:300] or 'it said nothing'}",
                f"run it by hand: {self.path} {' '.join(words)}",
            )
        return said.decode(errors="replace")


def _is_file(there: Path, listed: str, request: LoadRequest) -> bool:
    if f"/{listed}".endswith(f"/{OURS}/{request.name}/{os.path.basename(request.path)}"):
        return True
    try:
        return os.path.samefile(there, request.path)
    except OSError:
        return False
