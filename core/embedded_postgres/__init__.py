"""PostgreSQL without setting one up: a private server from a wheel, one cluster per checkout.

``with running() as cluster:`` gives ``cluster.url``. Any number of processes may do so at the same
time; a killed one is forgotten by itself, a killed server is started again by the next to come.
"""

from core.embedded_postgres.cluster import Cluster, running, start
from core.embedded_postgres.errors import (
    BinariesMissing,
    DiskFull,
    EmbeddedPostgresError,
    FolderUnusable,
    IncompatibleData,
    ServerFailed,
)
from core.embedded_postgres.places import state_folder

__all__ = [
    "BinariesMissing",
    "Cluster",
    "DiskFull",
    "EmbeddedPostgresError",
    "FolderUnusable",
    "IncompatibleData",
    "ServerFailed",
    "running",
    "start",
    "state_folder",
]
