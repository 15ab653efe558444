# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""pip, of the Python this runs on."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence

TELL_SECONDS = 5.0
# Where pip is set up to put things, or to refuse, is not for us; where it finds them is.
_NOT_PASSED_ON = {"PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_REQUIRE_VIRTUALENV", "PIP_NO_DEPS"}
_PASSED_ON = re.compile(r"PIP_\w+|(HTTPS?|NO|ALL)_PROXY|SSL_CERT_\w+|REQUESTS_CA_BUNDLE|HOME|PATH|TMPDIR|LANG", re.I)
_NO_PIP = f"Give this Python pip: {sys.executable} -m ensurepip"
_NO_INDEX = (
    "See that a package index can be reached, or name a mirror as for any pip: PIP_INDEX_URL, or a folder of wheels "
    "with PIP_NO_INDEX=1 and PIP_FIND_LINKS."
)


class PipFailed(Exception):
    def __init__(self, wanted: str, said: str, remedy: str) -> None:
        super().__init__(wanted, said)
        self.wanted, self.said, self.remedy = wanted, said, remedy


def pip(arguments: Sequence[str], wanted: str, tell: Callable[[str], None]) -> None:
    """Run pip, and tell every TELL_SECONDS that it still does."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if _PASSED_ON.fullmatch(name) and name.upper() not in _NOT_PASSED_ON
    }
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", *arguments, "--quiet"]
    started = time.monotonic()
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
        process = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            while process.poll() is None:
                try:
                    process.wait(TELL_SECONDS)
                except subprocess.TimeoutExpired:
                    tell(f"toolchain: pip fetches {wanted}, {time.monotonic() - started:.0f} s so far")
        except BaseException:
            process.kill()
            process.wait()
            raise
        output.seek(0)
        said = output.read()
    if process.returncode != 0:
        errors = [line.removeprefix("ERROR: ").rstrip(".") for line in said.splitlines() if line.startswith("ERROR: ")]
        last = (errors or said.strip().splitlines() or ["pip said nothing"])[-1]
        raise PipFailed(wanted, last, _NO_PIP if "No module named pip" in said else _NO_INDEX)
