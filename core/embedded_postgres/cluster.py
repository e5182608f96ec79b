"""A cluster in use: the first to come starts its server, the last to leave stops it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from core.embedded_postgres.errors import FolderUnusable, from_system
from core.embedded_postgres.locks import FileLock
from core.embedded_postgres.places import own_folder, reachable, server_account, state_folder
from core.embedded_postgres.programs import Programs, programs
from core.embedded_postgres.server import DATABASE, Endpoint, Server

FORGETFUL = "test"  # the one cluster whose data a crash of the machine may spoil
_NAME = re.compile(r"[a-z][a-z0-9]{0,15}")


class Cluster:
    """A running PostgreSQL that this process uses until :meth:`stop`."""

    def __init__(self, server: Server, gate: FileLock, users: FileLock, endpoint: Endpoint) -> None:
        self._server = server
        self._gate = gate
        self._users = users
        self._endpoint = endpoint
        self._stopped = False

    @property
    def url(self) -> str:
        """The service's own database, as a URL for asyncpg, psycopg and libpq."""
        return self.url_of(DATABASE)

    @property
    def data(self) -> Path:
        """PostgreSQL's data folder."""
        return self._server.data

    @property
    def binaries(self) -> Path:
        """The folder of PostgreSQL's programs: ``psql``, ``pg_dump``, ``pg_restore`` and more."""
        return self._server.programs.folder

    def url_of(self, database: str) -> str:
        """The URL of one of the cluster's databases, whether or not it exists."""
        return self._endpoint.url(database)

    def create_database(self, name: str, *, template: str = "template1") -> str:
        """Make a database, as a copy of ``template`` (to which nobody may be connected).

        Returns its URL. Blocks: not for an event loop.

        Raises:
            psycopg.errors.DuplicateDatabase: it exists.
            psycopg.errors.ObjectInUse: somebody is connected to the template.
        """
        make = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        self._execute(make.format(sql.Identifier(name), sql.Identifier(template)))
        return self.url_of(name)

    def drop_database(self, name: str) -> None:
        """Remove a database if it exists, ending the sessions in it. Blocks."""
        drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        self._execute(drop.format(sql.Identifier(name)))

    def ensure(self) -> None:
        """Start the server again if it was killed while in use. Blocks.

        Raises:
            EmbeddedPostgresError: it can't be started, for the reason given.
        """
        with _explained(self._server.folder), self._gate.alone():
            self._endpoint = self._server.ensure()

    def stop(self) -> None:
        """Stop using the cluster; if nobody else does, its server ends. Twice is once.

        Raises:
            ServerFailed: the server did not end.
        """
        if self._stopped:
            return
        self._stopped = True
        with self._gate, self._users, _explained(self._server.folder), self._gate.alone():
            _leave(self._server, self._users)

    def _execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.url_of("postgres"), autocommit=True) as connection:
            connection.execute(statement)


def start(name: str = "main") -> Cluster:
    """Use the checkout's cluster ``name``, starting its server if nobody did so far. Blocks.

    ``test`` is a cluster for tests: quick, and lost if the machine crashes.

    Raises:
        EmbeddedPostgresError: it can't be used; the text says why and what to do.
        ValueError: the name is not 1 to 16 lower-case letters and digits.
    """
    if not _NAME.fullmatch(name):
        raise ValueError("a cluster's name is 1 to 16 lower-case letters and digits")
    folder = state_folder() / "postgres" / name
    with _explained(folder), ExitStack() as undo:
        server = Server(folder, _prepare(folder), durable=name != FORGETFUL)
        gate = undo.enter_context(FileLock(folder / "gate"))
        users = undo.enter_context(FileLock(folder / "users"))
        with gate.alone():
            users.share()
            try:
                endpoint = server.ensure()
            except BaseException:
                _leave(server, users)
                raise
        undo.pop_all()
        return Cluster(server, gate, users, endpoint)


@contextmanager
def running(name: str = "main") -> Iterator[Cluster]:
    """:func:`start` a cluster and :meth:`~Cluster.stop` using it at the end."""
    cluster = start(name)
    try:
        yield cluster
    finally:
        cluster.stop()


def _prepare(folder: Path) -> Programs:
    account = server_account()
    own_folder(folder.parent)
    own_folder(folder)
    if not reachable(folder, account):
        raise FolderUnusable(
            f"PostgreSQL does not run as root, and the account it runs under can't reach {folder}. "
            "Set LEYE_HOME to a folder whose parents others may pass (mode o+x), or start the "
            "service as an ordinary user."
        )
    return programs(folder.parent.parent, account)


def _leave(server: Server, users: FileLock) -> None:
    users.release()
    if users.try_alone():
        try:
            server.stop()
        finally:
            users.release()


@contextmanager
def _explained(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as refusal:
        raise from_system(refusal, folder) from refusal
