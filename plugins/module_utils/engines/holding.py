# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose host it is while something is loaded there, from before the wait for the turn to after the load."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from .. import keeper
from .base import Engine, LoadFailed


@dataclass(frozen=True)
class Hold:
    """Who asks, and where the keeper is."""

    keeper_dir: str
    owner: str | None

    def refuse_others(self) -> bool:
        """Whether the owner holds the host; KeeperBusy, with the holder named, when somebody else does."""
        now = keeper.status(self.keeper_dir)
        if now["held"] and now["owner"] != self.owner:
            raise keeper.KeeperBusy(
                f"The host is held by {now['owner']} (process {now['pid']}) until {now['deadline']}; nothing was "
                "changed.",
                "wait until it is released or its deadline has passed, or be that owner",
            )
        return bool(now["held"])


@contextmanager
def held_throughout(hold: Hold | None, engine: Engine) -> Iterator[None]:
    """A load that outlives the keeper's hold would go unwatched, so it is unloaded again: LoadFailed."""
    ours = hold.refuse_others() if hold else False
    yield
    if hold and ours:
        now = keeper.status(hold.keeper_dir)
        if not now["held"] or now["owner"] != hold.owner:
            engine.unload_all()
            raise LoadFailed(
                "The keeper let the host go while the model was loading, so it was unloaded again.",
                "see the keeper's breach (the module keeper, state=status); give a load more time or more memory",
            )
