# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What keeps a sweep from starting."""

from __future__ import annotations

from ...module_utils.errors import LabError


class LoadBroken(LabError):
    """The engine or the host failed, not the model: the message is the module's, with its remedy."""

    def __init__(self, said: str) -> None:
        what, _unused, remedy = said.partition(" Remedy: ")
        super().__init__(what, remedy or "see whether the engine runs: model_info on this host")


class HostsDiffer(LabError):
    """Two hosts of one class serve with different engine builds or drivers: their trials are not replicates."""

    def __init__(self, host: str, known: str, found: str) -> None:
        super().__init__(
            f"{host} serves with {found}, another host of its class with {known}.",
            "bring them to one build, or sweep them one by one with -l",
        )
