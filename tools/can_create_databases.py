"""Exit 0 when the suite can use a PostgreSQL server: it makes databases and empties tables."""

import asyncio
import sys

import asyncpg

MINIMUM = 15_00_00


async def usable(url: str) -> bool:
    """Whether the server is new enough and its user a superuser (the suite empties tables)."""
    try:
        raw = await asyncpg.connect(url, timeout=5)
    except (OSError, TimeoutError, asyncpg.PostgresError):
        return False
    try:
        version = int(await raw.fetchval("SHOW server_version_num"))
        return version >= MINIMUM and await raw.fetchval("SHOW is_superuser") == "on"
    finally:
        await raw.close()


if __name__ == "__main__":
    sys.exit(0 if asyncio.run(usable(sys.argv[1])) else 1)
