# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`lab pauses`: what agents handed over, and who lets it go on."""

from __future__ import annotations

import getpass

from ..store import Store


def pauses(store_url: str, clear: int | None) -> int:
    """List the items that wait, or clear one of them."""
    with Store(store_url, read_only=clear is None) as store:
        if clear is not None:
            store.clear_pause(clear, getpass.getuser())
            print(f"pause {clear} is cleared")
            return 0
        waiting = store.pauses()
    for pause in waiting:
        print(
            f"{pause['id']}  {pause['at']}  {pause['item']}  {pause['kind']}  trial {pause['trial']}: {pause['reason']}"
        )
    if not waiting:
        print("nothing is paused")
    return 0
