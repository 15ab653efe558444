# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The store on SQLite, and on a throw-away PostgreSQL cluster where its programs are installed."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, NullPool, create_engine, select

from ansible_collections.local_llm.lab.plugins.plugin_utils.store import Claim, Generation, Planned, Session, Store
from ansible_collections.local_llm.lab.plugins.plugin_utils.store.tables import TRIAL_STATES, tables
from ansible_collections.local_llm.lab.plugins.plugin_utils.sweep import (
    HostClass,
    Model,
    Plan,
    PlannedCanary,
    Sweep,
    plan,
)
from ansible_collections.local_llm.lab.plugins.plugin_utils.sweep.definition import Change
from ansible_collections.local_llm.lab.plugins.plugin_utils.sweep.document import Document

HERE = HostClass("llama_cpp", "none", 16 * 2**30)
BUDGETS = {"turns": 8, "generated_tokens": 900, "completion_tokens": 160, "wall_clock_seconds": 120}
SWEEP = Sweep(
    name="nightly",
    description="",
    models=("tiny",),
    canaries=("hello", "sums"),
    load={"context_tokens": 4096},
    chat={"temperature": 0.3},
    changes=(Change("chat", "temperature", 0.0), Change("load", "context_tokens", 8192)),
    replicates=3,
    most_replicates=3,
    wrong_adoption=0.05,
    seed=1,
    budgets={},
    limits={},
    good_enough={},
    document=Document(Path("nightly.yml"), {}, {}),
)
MODEL = Model("tiny", "tiny.gguf", "ab" * 32, 100, {"path": "/tiny.gguf"}, 1000, 1000, None, None, "")
COUNTED_BY = ("cell", "block", "purpose")
numbers = itertools.count(1)


class Lab:
    """One sweep in one store: what a controller does with it, in as few words as a test wants to read."""

    def __init__(self, store: Store, sweep: Sweep = SWEEP) -> None:
        self.store = store
        self.sweep = sweep
        self.model = MODEL
        self.canaries = {name: PlannedCanary(name, 0, BUDGETS) for name in sweep.canaries}
        self.host_class = HERE
        self.stack: dict[str, Any] = {"engine": {"build": "b1"}, "agent": "a1"}
        self.generation = store.open_generation(sweep.name)

    def planned(self, **changes: Any) -> Plan:
        return plan(
            replace(self.sweep, **changes),
            {"tiny": self.model},
            self.canaries,
            [self.host_class],
            {self.host_class.id: self.stack},
            self.generation.number,
        )

    def plan(self, **changes: Any) -> Planned:
        host = {"name": "box", "host_class": self.host_class.id, "tier": "lite", "engine": "llama_cpp"}
        definition = replace(self.sweep, **changes).as_dict()
        return self.store.plan(self.generation, self.planned(**changes), definition, [host])

    def reopen(self, new: bool = False) -> Generation:
        self.generation = self.store.open_generation(self.sweep.name, new)
        return self.generation

    @property
    def id(self) -> int:
        assert self.generation.id is not None
        return self.generation.id

    def session(self, controller: str = "here") -> Session:
        """A run of the playbook that is dead as soon as another one looks: no process began at that time."""
        return self.store.begin_session(self.sweep.name, controller, os.getpid(), f"long ago {next(numbers)}")

    def next(self, session: Session, block: int = 0, host: str = "box") -> Claim | None:
        return self.store.claim(self.id, host, self.host_class.id, block, session.id)

    def claim(self, session: Session, block: int = 0) -> Claim | None:
        """The next trial of a block that measures; what frames it is passed on the way."""
        while (claim := self.next(session, block)) and claim.trial["purpose"] != "measure":
            self.store.record(claim, {"outcome": "passed", "ceiling": None, "detail": None})
        return claim

    def look(self) -> None:
        """Find every cell decided, as the last look of a sweep does."""
        for cell in self.store.summary(self.id)["cells"]:
            self.store.set_cell_state(cell["id"], "complete")

    def trial(self, trial_id: str) -> dict[str, Any]:
        return next(trial for trial in self.store.summary(self.id)["trials"] if trial["id"] == trial_id)

    def cell_states(self) -> list[str]:
        return [cell["state"] for cell in self.store.summary(self.id)["cells"]]


@pytest.fixture
def lab(store: Store) -> Lab:
    made = Lab(store)
    made.plan()
    return made


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with Store(store_url) as opened:
        yield opened
    with create_engine(store_url, poolclass=NullPool).connect() as connection:
        assert _counted(connection) == _kept(connection), "what is counted is not what there is"


def _counted(connection: Connection) -> dict[Any, dict[str, int]]:
    trials = tables().trials
    found: dict[Any, dict[str, int]] = {}
    for *key, state in connection.execute(select(*(trials.c[name] for name in COUNTED_BY), trials.c.state)):
        found.setdefault(tuple(key), dict.fromkeys(TRIAL_STATES, 0))[state] += 1
    return found


def _kept(connection: Connection) -> dict[Any, dict[str, int]]:
    rows = connection.execute(tables().counts.select()).mappings()
    return {tuple(row[name] for name in COUNTED_BY): {state: row[state] for state in TRIAL_STATES} for row in rows}


@pytest.fixture
def new_lab(store: Store) -> Callable[[], Lab]:
    """Another sweep in the same store, each time."""

    def make() -> Lab:
        made = Lab(store, replace(SWEEP, name=f"sweep-{next(numbers)}"))
        made.plan()
        return made

    return make


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty store for each test: a file, or a schema of the cluster's one database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/home/store.sqlite"
    socket_dir = request.getfixturevalue("postgresql_socket_dir")
    import psycopg

    schema = f"lab_{next(numbers)}"
    with psycopg.connect(host=socket_dir, user="lab", dbname="postgres", autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {schema}".encode())
    return f"postgresql://lab@/postgres?host={socket_dir}&options=-csearch_path%3D{schema}"


@pytest.fixture(scope="session")
def postgresql_socket_dir() -> Iterator[str]:
    """A PostgreSQL cluster that listens on nothing but a socket in its own folder."""
    programs = [*Path("/usr/lib/postgresql").glob("*/bin"), *map(Path, os.get_exec_path())]
    found = next((folder for folder in programs if (folder / "initdb").exists()), None)
    if found is None:
        pytest.skip("PostgreSQL's initdb is not installed")
    pytest.importorskip("psycopg")
    folder = Path(tempfile.mkdtemp(prefix="lab-pg-"))
    data, become = folder / "data", []
    if os.getuid() == 0:  # PostgreSQL refuses to run as root
        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        become = ["setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups"]

    def run(program: str, *arguments: str) -> None:
        command = [*become, str(found / program), "-D", str(data), *arguments]
        done = subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
        assert done.returncode == 0, done.stderr.decode()

    try:
        run("initdb", "-U", "lab", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        settings = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
        run("pg_ctl", "-w", "-s", "-l", str(folder / "log"), "-o", settings, "start")
        yield str(folder)
    finally:
        if (data / "postmaster.pid").exists():
            run("pg_ctl", "-w", "-s", "-m", "immediate", "stop")
        shutil.rmtree(folder)
