# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection: SQLite or PostgreSQL, one writer at a time, and errors a user can read."""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import StoreError, StoreOfLaterVersion
from .migrations import VERSION, migrate, version_of

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine
    from sqlalchemy.engine import URL

BUSY_SECONDS = 30
WRITER_LOCK = 0x6C61625F  # any number, the same for every lab that shares a database


def utc_now(after_seconds: float = 0) -> str:
    """Now, or later, in a form that sorts as it reads."""
    moment = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=after_seconds)
    return moment.isoformat(timespec="milliseconds")


class Database:
    """Short transactions only. Trials take minutes and writes milliseconds, so writers simply queue: what a
    transaction read is still true when it writes, on either database, with no order of locks to think about."""

    def __init__(self, url: str, read_only: bool) -> None:
        self.read_only = read_only
        self._engine = self._connected(url)
        self.version = VERSION
        with self._readable_errors():
            self._open()

    def close(self) -> None:
        self._engine.dispose()

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """One moment of the store, however many queries are made of it."""
        with self._readable_errors(), self._transaction(writes=False) as connection:
            yield connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """All or nothing, and nobody else writes meanwhile."""
        if self.read_only:
            raise StoreError(f"The store {self._name} was opened to be read only.", "open it for writing.")
        with self._readable_errors(), self._transaction(writes=True) as connection:
            self._refuse_later(version_of(connection))
            yield connection

    @contextlib.contextmanager
    def _transaction(self, writes: bool) -> Iterator[Connection]:
        from sqlalchemy import text

        connection = self._engine.connect()
        with connection:
            postgresql = connection.dialect.name == "postgresql"
            options: dict[str, Any] = {"lab_writes": writes}
            if postgresql:
                options["isolation_level"] = "READ COMMITTED" if writes else "REPEATABLE READ"
            with connection.execution_options(**options), connection.begin():
                if postgresql and writes:
                    connection.execute(text(f"SET LOCAL lock_timeout = '{BUSY_SECONDS}s'"))
                    connection.execute(text(f"SELECT pg_advisory_xact_lock({WRITER_LOCK})"))
                yield connection

    def _open(self) -> None:
        """Make what is not there, bring up what an earlier version made; to be read only, leave either as it is."""
        with self._transaction(writes=False) as connection:
            version = version_of(connection)
        self._refuse_later(version)
        if version == VERSION:
            return
        if self.read_only and version:
            self.version = version
            return
        if self.read_only:
            self._engine.dispose()
            self._engine = self._empty()
        with self._transaction(writes=True) as connection:
            migrate(connection, utc_now())

    def _refuse_later(self, version: int) -> None:
        if version > VERSION:
            raise StoreOfLaterVersion(self._name, version, VERSION)

    def _connected(self, text: str) -> Engine:
        from sqlalchemy import create_engine, make_url, pool
        from sqlalchemy.exc import ArgumentError

        try:
            url = make_url(text)
            self._name = url.render_as_string(hide_password=True)
            if url.get_backend_name() == "sqlite":
                return self._sqlite(url)
            # No pool: Ansible forks, and a connection must never be in two processes.
            engine = create_engine(url, poolclass=pool.NullPool)
        except ArgumentError as error:
            raise StoreError(f"The store URL is not one: {error}.", USE_ONE_OF) from None
        except ImportError as error:
            raise StoreError(
                f"The store {self._name} needs a Python package that is missing: {error.name}.",
                "install it beside ansible-core: pip install 'psycopg[binary]'.",
            ) from None
        if engine.dialect.name != "postgresql":
            raise StoreError(f"The store {self._name} is neither SQLite nor PostgreSQL.", USE_ONE_OF)
        return engine

    def _sqlite(self, url: URL) -> Engine:
        from sqlalchemy import create_engine, pool

        if not url.database or url.database == ":memory:":
            raise StoreError(f"The store {self._name} names no file.", USE_ONE_OF)
        path = Path(url.database)
        if not path.exists():
            if self.read_only:
                return self._empty()
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise StoreError(f"The folder of the store {path} cannot be made: {error}.", USE_ONE_OF) from error
        engine = create_engine(url, poolclass=pool.NullPool, connect_args={"timeout": BUSY_SECONDS})
        return _tuned(engine, self.read_only)

    def _empty(self) -> Engine:
        """Where a read-only store finds nothing, it reads an empty one in memory and leaves nothing behind."""
        from sqlalchemy import create_engine, pool

        return _tuned(create_engine("sqlite://", poolclass=pool.StaticPool))

    @contextlib.contextmanager
    def _readable_errors(self) -> Iterator[None]:
        from sqlalchemy.exc import DBAPIError, NoSuchTableError

        try:
            yield
        except NoSuchTableError as error:
            raise StoreError(
                f"The store {self._name} has no table {error}.",
                "it is damaged or of another version: move it away and start a new one, or restore a copy.",
            ) from error
        except DBAPIError as error:
            if self.version < VERSION:
                raise StoreError(
                    f"The store {self._name} is of an earlier version of the collection: its tables are of "
                    f"version {self.version}, this one reads {VERSION}.",
                    "every command that writes brings it up: lab sweep, or lab export; until then it stays as it is.",
                ) from error
            first = (str(error.orig).strip() or type(error.orig).__name__).splitlines()[0]
            raise StoreError(
                f"The store {self._name} does not answer as it should: {first}.",
                "check that it is there, writable, on a local disk (SQLite) or reachable (PostgreSQL), and made by "
                "this version of the collection.",
            ) from error


USE_ONE_OF = "use sqlite:////folder/store.sqlite or postgresql://user:password@host/database."


def _tuned(engine: Engine, read_only: bool = False) -> Engine:
    """SQLite as it should be: WAL, foreign keys, and a writer that takes the lock before it reads.

    `read_only` leaves the file's journal as it is, and SQLite itself then refuses to write.
    """
    from sqlalchemy import event

    def on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # BEGIN is ours
        connection.execute("PRAGMA query_only = ON" if read_only else "PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA foreign_keys = ON")

    def on_begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("lab_writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    event.listen(engine, "connect", on_connect)
    event.listen(engine, "begin", on_begin)
    return engine
