# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be wrong with a sweep file or a catalog."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from ...module_utils.errors import LabError


class SweepError(LabError):
    """A sweep file, a catalog, or the two together cannot be planned."""


class SweepFileInvalid(SweepError):
    """The file is not there, is not YAML, or does not say what a sweep file or a catalog must say."""


class UnknownName(SweepError):
    """A model, a canary or a setting that nobody knows."""

    def __init__(self, where: str, thing: str, name: str, known: Iterable[str], note: str = "") -> None:
        listed = sorted(known)
        near = difflib.get_close_matches(name, listed, n=3, cutoff=0.5)
        if near:
            remedy = f"did you mean {' or '.join(near)}?"
        elif listed:
            remedy = f"known are: {', '.join(listed)}."
        else:
            remedy = "none is known yet."
        super().__init__(f"{where}: unknown {thing} {name!r}.", f"{remedy} {note}".strip())
