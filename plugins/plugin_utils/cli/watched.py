# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A playbook that a person watches: shown while it runs, and its exit code."""

from __future__ import annotations

import sys

from .live import Screen
from .playbook import Play, play

INTERRUPTED = 130


def watch(asked: Play, shows_messages: bool = False) -> int:
    """Run it on a screen; `shows_messages` where what its debug tasks say is what it is run for."""
    with Screen(shows_messages) as screen:
        played = play(asked, show=screen.show, tick=screen.tick)
    if played.stopped:
        print("lab: interrupted; run the same command again to go on where it was", file=sys.stderr)
        return INTERRUPTED
    if played.code and not screen.explained:
        print(played.output, file=sys.stderr)
        print(f"Remedy: -l takes hosts and groups of: ansible-inventory -i {asked.inventory} --graph", file=sys.stderr)
    return played.code
