# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a reader checks the card."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from .words import plural


def verify_commands(
    card_name: str, generation_id: object, lead: Mapping[str, Any] | None, trials: Sequence[Mapping[str, Any]]
) -> list[dict[str, str]]:
    """A claim each, with the command that checks it against the trials' own files; run in the card's folder."""
    folder = f"../../../trials/{generation_id}"
    card = shlex.quote(f"{card_name}.json")
    ran = [trial for trial in trials if trial["purpose"] == "measure" and trial["ending"] not in ("open", "void")]
    if not ran:
        return []
    all_that_ran = 'select(.purpose == "measure" and .ending != "open" and .ending != "void")'
    commands = [
        {
            "claim": f"How the {plural(len(ran), 'trial')} that ran ended, from their own records",
            "command": _over_records(all_that_ran, "-r '.ceiling // .outcome'", card, folder) + " | sort | uniq -c",
        },
        {
            "claim": "Tokens of every one of them, and whether the engine counted them",
            "command": _over_records(all_that_ran, "-c '[.trial, .generated_tokens, .usage_source]'", card, folder),
        },
    ]
    if lead is not None and lead["pass_rate"]["of"]:
        rate = lead["pass_rate"]
        counted = f'select(.cell == "{lead["id"]}" and .counted)'
        claim = {
            "claim": f"{lead['label']}: {rate['count']} of {rate['of']} counted trials passed",
            "command": _over_records(counted, "-r .outcome", card, folder) + " | sort | uniq -c",
        }
        commands.insert(0, claim)
    failed = next((trial for trial in ran if trial["ending"] != "passed"), None)
    if failed:
        commands.append(
            {
                "claim": f"Read one failure: {failed['canary']}, replicate {failed['replicate']}, {failed['text']}",
                "command": f"jq . {folder}/{failed['id']}/{failed['attempt']}/transcript.jsonl | less",
            }
        )
    return commands


def _over_records(which: str, show: str, card: str, folder: str) -> str:
    """The card only says which trials are meant; what is shown comes from their own records."""
    trials = f"jq -r '.trials[] | {which} | \"\\(.id)/\\(.attempt)\"' {card}"
    return f"{trials} | sed 's|.*|{folder}/&/record.json|' | xargs jq {show}"
