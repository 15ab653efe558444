# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The script's words: what can be typed, and what an error looks like."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ...module_utils.errors import LabError
from ...module_utils.gguf import KV_TYPES
from ..export import FORMATS
from .canary import show, verify
from .doctor import DoctorRequest, doctor
from .export import ExportRequest, export
from .init import init
from .pauses import pauses
from .plays import run_play
from .replay import ReplayRequest, replay
from .shortlist import ShortlistRequest, shortlist
from .sweep import SweepRequest, sweep

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

STORE = "sqlite:///lab/store.sqlite"
PLAYS = {
    "smoke": "load each model of a sweep, or -e model=NAME, and see whether it can run a trial at all",
    "report": "write the cards and the decision of -e sweep=NAME again, from the store",
    "decide": "write what -e sweep=NAME decides to deploy, from the store",
    "deploy": "apply the decision to the hosts; -e rollback=true: the decision before",
}
EXIT_CODES = """\
exit codes:
  0    every trial planned for these hosts is recorded or its cell closed; cards and decision are written
  1    nothing could be planned; 2 for a wrong command line
  2    a host did not finish: run the same command again to go on
  4    a host could not be reached
  130  interrupted: run the same command again to go on
"""
DOCTOR_CODES = """\
exit codes:
  0    nothing warns (what could not be looked at counts as nothing)
  1    something warns
  2    something fails, a host cannot be reached, or nothing could be looked at
  130  interrupted
"""


def main(arguments: list[str] | None = None) -> int:
    parsed = _parser().parse_args(arguments)
    try:
        return int(parsed.run(parsed))
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="lab", description="Which local model, with which config, is good enough?")
    commands = parser.add_subparsers(dest="command", required=True)
    for add in (
        _add_sweep, _add_challenge, _add_plays, _add_shortlist, _add_doctor, _add_init, _add_canary, _add_replay,
        _add_pauses, _add_export,
    ):  # fmt: skip
        add(commands)
    return parser


def _add_sweep(commands: Commands) -> None:
    sweeping = commands.add_parser(
        "sweep",
        help="plan, run and report a sweep; again: go on where it was",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=EXIT_CODES,
    )
    add = sweeping.add_argument
    add("sweep_file", nargs="?", type=Path, help="default: the inventory's lab_sweep")
    _add_ansible_s_own(sweeping)
    add("--new", action="store_true", help="start a new generation instead of going on with the open one")
    add("--check", action="store_true", help="print the plan and run nothing")
    sweeping.set_defaults(
        run=lambda parsed: sweep(
            SweepRequest(
                sweep_file=parsed.sweep_file,
                limit=parsed.limit,
                inventory=parsed.inventory,
                new_generation=parsed.new,
                check=parsed.check,
                extra_vars=dict(parsed.extra_vars),
            )
        )
    )


def _add_challenge(commands: Commands) -> None:
    challenging = commands.add_parser(
        "challenge",
        help="pit a model of the catalog against what is deployed on the hosts; again: go on where it was",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=EXIT_CODES,
    )
    add = challenging.add_argument
    add("model", help="the newcomer, by its name in the catalog")
    _add_ansible_s_own(challenging)
    add("--new", action="store_true", help="start over instead of going on with what was begun")
    add("--check", action="store_true", help="say who would meet whom and run nothing")
    challenging.set_defaults(
        run=lambda parsed: sweep(
            SweepRequest(
                sweep_file=None,
                limit=parsed.limit,
                inventory=parsed.inventory,
                new_generation=parsed.new,
                check=parsed.check,
                extra_vars=dict(parsed.extra_vars),
                challenger=parsed.model,
            )
        )
    )


def _add_plays(commands: Commands) -> None:
    """Playbooks that are run for what they say, with nothing but Ansible's own options."""
    for name, what in PLAYS.items():
        one = commands.add_parser(name, help=what)
        _add_ansible_s_own(one)
        one.add_argument("--check", action="store_true", help="say what would be done and do nothing")
        one.set_defaults(run=lambda parsed, name=name: run_play(name, parsed))


def _add_shortlist(commands: Commands) -> None:
    listing = commands.add_parser("shortlist", help="which models fit which host, how fast, and why not the others")
    _add_ansible_s_own(listing)
    add = listing.add_argument
    add("--context", type=_count, metavar="TOKENS", help="the context to ask for; default: 32768")
    add("--parallel", type=_count, metavar="SLOTS", help="slots, each with that context; default: 1")
    add("--kv-type", choices=KV_TYPES, help="how keys and values are stored; default: f16")
    add("--check", action="store_true", help="show it and write nothing")
    listing.set_defaults(
        run=lambda parsed: shortlist(
            ShortlistRequest(
                limit=parsed.limit,
                inventory=parsed.inventory,
                check=parsed.check,
                context_tokens=parsed.context,
                parallel=parsed.parallel,
                kv_type=parsed.kv_type,
                extra_vars=dict(parsed.extra_vars),
            )
        )
    )


def _add_ansible_s_own(command: argparse.ArgumentParser) -> None:
    add = command.add_argument
    add("-l", "--limit", metavar="HOSTS", help="only these LLM hosts, as in ansible-playbook")
    add("-i", "--inventory", type=Path, default=Path("inventory"), help="default: ./inventory")
    add(
        "-e",
        "--extra-var",
        dest="extra_vars",
        metavar="NAME=VALUE",
        type=_name_and_value,
        action="append",
        default=[],
        help="an Ansible variable; no secrets here, they belong in a vault file of the inventory",
    )


def _add_doctor(commands: Commands) -> None:
    looking = commands.add_parser(
        "doctor",
        help="look at the hosts and at this controller for every known pitfall; changes nothing",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=DOCTOR_CODES,
    )
    looking.add_argument("-l", "--limit", metavar="HOSTS", help="only these LLM hosts, as in ansible-playbook")
    looking.add_argument("-i", "--inventory", type=Path, default=Path("inventory"), help="default: ./inventory")
    looking.add_argument("--json", action="store_true", help="the report as JSON, with the same content")
    looking.set_defaults(run=lambda parsed: doctor(DoctorRequest(parsed.limit, parsed.inventory, parsed.json)))


def _add_init(commands: Commands) -> None:
    start = commands.add_parser("init", help="write a folder of your own: inventory, ansible.cfg and sweep.yml")
    start.add_argument("folder", type=Path)
    start.set_defaults(run=lambda parsed: init(parsed.folder))


def _add_canary(commands: Commands) -> None:
    canary = commands.add_parser("canary", help="the benchmark's jobs: list them, or prove that they are honest")
    actions = canary.add_subparsers(dest="action", required=True)
    prove = actions.add_parser("verify", help="start fails, reference passes, no cheat does; exit code 0 or 1")
    prove.add_argument("names", nargs="*", metavar="NAME", help="default: all of DIR, or all that are shipped")
    prove.add_argument("--json", action="store_true", help="a list of name, grade, ok and checks")
    prove.add_argument("--references", type=_count, default=10, metavar="N", help="runs of each reference, default 10")
    prove.set_defaults(run=lambda parsed: verify(parsed.names, parsed.canaries, parsed.references, parsed.json))
    listing = actions.add_parser("list", help="which canaries there are, as a table")
    listing.set_defaults(run=lambda parsed: show(parsed.canaries))
    for action in (prove, listing):
        action.add_argument("--canaries", type=Path, metavar="DIR", help="your own canaries, searched first")


def _add_replay(commands: Commands) -> None:
    again = commands.add_parser("replay", help="show a trial turn by turn, from its transcript: no engine is needed")
    again.add_argument("trial", metavar="TRIAL", help="an id, the beginning of one, or the path of a transcript")
    again.add_argument("--home", type=Path, default=Path("lab"), metavar="DIR", help="the lab's folder; default: ./lab")
    again.add_argument("--attempt", type=int, metavar="N", help="default: the last one")
    again.add_argument("--json", action="store_true", help="the events as they are, one a line")
    only = again.add_mutually_exclusive_group()
    only.add_argument("--turn", type=_count, metavar="N", help="only this turn")
    only.add_argument(
        "--sent", type=_count, metavar="N", help="the messages that this turn's call was made with, as JSON"
    )
    again.set_defaults(
        run=lambda parsed: replay(
            ReplayRequest(
                trial=parsed.trial,
                home=parsed.home,
                attempt=parsed.attempt,
                turn=parsed.turn,
                sent=parsed.sent,
                json=parsed.json,
            )
        )
    )


def _add_pauses(commands: Commands) -> None:
    waiting = commands.add_parser("pauses", help="list what agents handed over to a person or the architect")
    waiting.add_argument("--store", metavar="URL", default=STORE, help=f"default: {STORE}")
    waiting.add_argument("--clear", metavar="ID", type=int, help="let this one go on")
    waiting.set_defaults(run=lambda parsed: pauses(parsed.store, parsed.clear))


def _add_export(commands: Commands) -> None:
    writing = commands.add_parser("export", help="write what was planned and recorded as tables, for a notebook")
    add = writing.add_argument
    add("folder", type=Path, metavar="DIR", help="where the files go, one for each table")
    add("--format", choices=tuple(FORMATS), required=True, help="parquet needs the package pyarrow")
    add("--sweep", metavar="NAME", help="default: all of the store")
    add("--generation", type=_count, metavar="N", help="default: all of them")
    add("--store", metavar="URL", default=STORE, help=f"default: {STORE}")
    writing.set_defaults(
        run=lambda parsed: export(
            ExportRequest(
                store_url=parsed.store,
                sweep=parsed.sweep,
                generation=parsed.generation,
                format=parsed.format,
                folder=parsed.folder,
            )
        )
    )


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above zero")
    return int(text)


def _name_and_value(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator or not name.isidentifier():
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value
