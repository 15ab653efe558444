# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The script's words: what can be typed, and what an error looks like."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ...module_utils.errors import LabError
from .canary import show, verify
from .init import init
from .sweep import SweepRequest, sweep

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
        if parsed.command == "canary":
            if parsed.action == "list":
                return show(parsed.canaries)
            return verify(parsed.names, parsed.canaries, parsed.references, parsed.json)
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

    canary = commands.add_parser("canary", help="the benchmark's jobs: list them, or prove that they are honest")
    actions = canary.add_subparsers(dest="action", required=True)
    prove = actions.add_parser("verify", help="start fails, reference passes, no cheat does; exit code 0 or 1")
    prove.add_argument("names", nargs="*", metavar="NAME", help="default: all of DIR, or all that are shipped")
    prove.add_argument("--json", action="store_true", help="a list of name, grade, ok and checks")
    prove.add_argument("--references", type=_count, default=10, metavar="N", help="runs of each reference, default 10")
    listing = actions.add_parser("list", help="which canaries there are, as a table")
    for action in (prove, listing):
        action.add_argument("--canaries", type=Path, metavar="DIR", help="your own canaries, searched first")
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of runs")
    return int(text)


def _name_and_value(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator or not name.isidentifier():
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value
