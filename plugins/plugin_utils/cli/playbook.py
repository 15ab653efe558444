# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-runner over one of the collection's playbooks, its events handled off its loop."""

from __future__ import annotations

import os
import queue
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...module_utils.errors import LabError
from ...module_utils.processes import started
from ..paths import COLLECTION_ROOT

PRIVATE_PREFIX = "lab-runner-"
# ansible-runner writes the whole environment it is given into its artifacts, so it is given only what Ansible needs.
PASSED_ON = {"HOME", "USER", "LOGNAME", "LANG", "TZ", "TERM", "TMPDIR", "SSH_AUTH_SOCK", "NO_PROXY", "no_proxy"}
PASSED_ON_PREFIXES = ("ANSIBLE_", "DOCKER_", "LC_", "PIP_", "SSL_CERT_", "REQUESTS_CA_", "HTTP_PROXY", "HTTPS_PROXY")
# A collection carries no ansible.cfg: a typo in -l or -i must be an error whatever the user's folder says.
ANSIBLE_SETTINGS = {
    "ANSIBLE_HOST_PATTERN_MISMATCH": "error",
    "ANSIBLE_INVENTORY_UNPARSED_FAILED": "true",
    "ANSIBLE_FORKS": "32",
    "ANSIBLE_INVENTORY_IGNORE_REGEX": r"catalog\.yml,sweeps,templates",
}
DEFAULT_COLLECTIONS_PATH = "~/.ansible/collections:/usr/share/ansible/collections"


@dataclass(frozen=True)
class Play:
    """A playbook of the collection, by name, on an inventory."""

    playbook: str
    inventory: Path
    limit: str | None = None
    extra_vars: dict[str, Any] = field(default_factory=dict)
    check: bool = False


@dataclass(frozen=True)
class Played:
    """`code` is ansible-playbook's, `output` what it printed; neither says anything of a run that was stopped."""

    stopped: bool
    code: int
    output: str


def play(asked: Play, show: Callable[[dict[str, Any]], None], tick: Callable[[], None]) -> Played:
    """Run it, handing every event to `show`, and time to `tick`. The private data dir is fresh and gone afterwards.

    The environment of this process is cut down to what Ansible needs.
    """
    keep_only_what_ansible_needs()
    _remove_dead_runs()
    with tempfile.TemporaryDirectory(prefix=f"{PRIVATE_PREFIX}{os.getpid()}-") as private_data_dir:
        return _run(
            {
                "private_data_dir": private_data_dir,
                "playbook": str(COLLECTION_ROOT / "playbooks" / f"{asked.playbook}.yml"),
                "inventory": str(asked.inventory),
                "limit": asked.limit,
                "extravars": asked.extra_vars,
                "cmdline": "--check" if asked.check else None,
                "quiet": True,
            },
            show,
            tick,
        )


def _run(runner_arguments: dict[str, Any], show: Callable[[dict[str, Any]], None], tick: Callable[[], None]) -> Played:
    import ansible_runner

    events: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
    stop = threading.Event()
    runner = ansible_runner.interface.init_runner(
        **runner_arguments, event_handler=_enqueue_into(events), cancel_callback=stop.is_set
    )
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signal_number, lambda *_unused: stop.set())

    def run() -> None:
        try:
            runner.run()
        finally:
            events.put(None)

    thread = threading.Thread(target=run, name="ansible-runner")
    finished = False
    try:
        thread.start()
        while (event := _next(events, tick)) is not None:
            show(event)
        finished = not stop.is_set()
    finally:
        stop.set()
        thread.join()
    if not finished:
        return Played(True, 0, "")
    return Played(False, int(runner.rc), runner.stdout.read().strip())


def _enqueue_into(events: queue.SimpleQueue[dict[str, Any] | None]) -> Any:
    def handler(event: dict[str, Any]) -> bool:
        events.put(event)
        return True

    return handler


def _next(events: queue.SimpleQueue[dict[str, Any] | None], tick: Callable[[], None]) -> dict[str, Any] | None:
    while True:
        try:
            return events.get(timeout=0.5)
        except queue.Empty:
            tick()


def _remove_dead_runs() -> None:
    """A killed run could not remove its private data dir, which holds its events and environment."""
    for left in Path(tempfile.gettempdir()).glob(f"{PRIVATE_PREFIX}*"):
        pid = left.name.removeprefix(PRIVATE_PREFIX).partition("-")[0]
        if pid.isdecimal() and os.access(left, os.W_OK) and started(int(pid)) is None:
            shutil.rmtree(left, ignore_errors=True)


def existing(path: Path, what: str, remedy: str) -> Path:
    if not path.exists():
        raise LabError(f"{what} {path} does not exist.", remedy)
    return path.resolve()


def keep_only_what_ansible_needs() -> None:
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in PASSED_ON or name.upper().startswith(PASSED_ON_PREFIXES)
    }
    kept["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    if Path("ansible.cfg").exists():
        kept.setdefault("ANSIBLE_CONFIG", str(Path("ansible.cfg").resolve()))
    if COLLECTION_ROOT.parts[-3:-1] == ("ansible_collections", "local_llm"):
        search = [str(COLLECTION_ROOT.parents[2]), os.environ.get("ANSIBLE_COLLECTIONS_PATH", DEFAULT_COLLECTIONS_PATH)]
        kept["ANSIBLE_COLLECTIONS_PATH"] = os.pathsep.join(search)
    os.environ.clear()
    os.environ.update(kept | ANSIBLE_SETTINGS)
