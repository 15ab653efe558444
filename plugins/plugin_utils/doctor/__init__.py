# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The doctor on the controller: its own checks, its end of every host, and the report."""

from __future__ import annotations

from ...module_utils.doctor import CHECKS as HOST_CHECKS
from . import controller, ends, vault
from .ends import Examined
from .report import CONTROLLER, Report, lines
from .vault import Opens, SecretsSeen

CONTROLLER_CHECKS = (
    controller.ANSIBLE_CORE,
    controller.SANDBOX,
    controller.STORE,
    controller.LAB_HOME,
    vault.VAULT,
    vault.PLAINTEXT,
)
END_CHECKS = (ends.REACHABLE, ends.CLOCK, ends.BASE_URL)

__all__ = [
    "CONTROLLER",
    "CONTROLLER_CHECKS",
    "END_CHECKS",
    "HOST_CHECKS",
    "Examined",
    "Opens",
    "Report",
    "SecretsSeen",
    "examine",
    "lines",
]


def examine(
    hosts: list[Examined],
    left_out: dict[str, str],
    sources: list[str],
    opens: Opens,
    store_url: str,
    home: str,
    sandbox: str | None,
) -> Report:
    """Look at the controller and from it; `left_out` are hosts that could not even be tried, with the reason."""
    seen = vault.gather(sources, opens)
    own = [
        controller.ansible_core(),
        controller.sandbox(sandbox),
        controller.store(store_url),
        controller.lab_home(home),
        vault.vault(seen),
        vault.plaintext_keys(seen),
    ]
    found = {CONTROLLER: own, **{host.name: ends.look(host) for host in hosts}}
    return Report(found | {name: [ends.left_out(name, why)] for name, why in left_out.items()})
