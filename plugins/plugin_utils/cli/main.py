# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The script's words: what can be typed, and what an error looks like."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ...module_utils.errors import LabError
from .init import init
from .pauses import pauses
from .replay import ReplayRequest, replay
from .sweep import SweepRequest, sweep

STORE = "sqlite:///lab/store.sqlite"
EXIT_CODES = """\
exit codes:
  0    every trial planned for these hosts is recorded or its cell closed; cards and decision are written
  1    nothing could be planned; 2 for a wrong command line
  2    a host did not finish: run the same command again to go on
  4    a host could not be reached
  130  interrupted: run the same command again to go on
"""


def main(arguments: list[str] | None = None) -> int:
    parsed = _parser().parse_args(arguments)
    try:
        if parsed.command == "init":
            return init(parsed.folder)
        if parsed.command == "pauses":
            return pauses(parsed.store, parsed.clear)
        if parsed.command == "replay":
            return replay(
                ReplayRequest(
                    trial=parsed.trial,
                    home=parsed.home,
                    attempt=parsed.attempt,
                    turn=parsed.turn,
                    sent=parsed.sent,
                    json=parsed.json,
                )
            )
        return sweep(
            SweepRequest(
                sweep_file=parsed.sweep_file,
                limit=parsed.limit,
                inventory=parsed.inventory,
                new_generation=parsed.new,
                check=parsed.check,
                extra_vars=dict(parsed.extra_vars),
            )
        )
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="lab", description="Which local model, with which config, is good enough?")
    commands = parser.add_subparsers(dest="command", required=True)

    run = commands.add_parser(
        "sweep",
        help="plan, run and report a sweep; again: go on where it was",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=EXIT_CODES,
    )
    run.add_argument("sweep_file", nargs="?", type=Path, help="default: the inventory's lab_sweep")
    run.add_argument("-l", "--limit", metavar="HOSTS", help="only these LLM hosts, as in ansible-playbook")
    run.add_argument("-i", "--inventory", type=Path, default=Path("inventory"), help="default: ./inventory")
    run.add_argument("--new", action="store_true", help="start a new generation instead of going on with the open one")
    run.add_argument("--check", action="store_true", help="print the plan and run nothing")
    run.add_argument(
        "-e",
        "--extra-var",
        dest="extra_vars",
        metavar="NAME=VALUE",
        type=_name_and_value,
        action="append",
        default=[],
        help="an Ansible variable; no secrets here, they belong in a vault file of the inventory",
    )

    start = commands.add_parser("init", help="write a folder of your own: inventory, ansible.cfg and sweep.yml")
    start.add_argument("folder", type=Path)

    waiting = commands.add_parser("pauses", help="list what agents handed over to a person or the architect")
    waiting.add_argument("--store", metavar="URL", default=STORE, help=f"default: {STORE}")
    waiting.add_argument("--clear", metavar="ID", type=int, help="let this one go on")

    again = commands.add_parser("replay", help="show a trial turn by turn, from its transcript: no engine is needed")
    again.add_argument("trial", metavar="TRIAL", help="an id, the beginning of one, or the path of a transcript")
    again.add_argument("--home", type=Path, default=Path("lab"), metavar="DIR", help="the lab's folder; default: ./lab")
    again.add_argument("--attempt", type=int, metavar="N", help="default: the last one")
    again.add_argument("--json", action="store_true", help="the events as they are, one a line")
    only = again.add_mutually_exclusive_group()
    only.add_argument("--turn", type=_turn, metavar="N", help="only this turn")
    only.add_argument(
        "--sent", type=_turn, metavar="N", help="the messages that this turn's call was made with, as JSON"
    )
    return parser


def _turn(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not the number of a turn")
    return int(text)


def _name_and_value(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator or not name.isidentifier():
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value
