"""``python -m tests.integrations.wechat.token_process REDIS_URL WECHAT_URL ROLE``.

Calls WeChat each time it is told to by a line; says which token it then holds.
"""

from __future__ import annotations

import asyncio
import hashlib
import sys

from core import logging, redis
from integrations.wechat.client import Client
from tests.integrations.wechat.support import config_for


async def main(redis_url: str, wechat_url: str, role: str) -> None:
    logging.configure(production=True)
    async with redis.connected(redis_url):
        await redis.ping()
        client = Client(config_for(wechat_url))
        print("ready", flush=True)
        for _ in range(2 if role == "revoked" else 1):
            await asyncio.to_thread(sys.stdin.readline)
            await asyncio.gather(*(client.wxa.url_link("pages/a") for _ in range(10)))
            token = await client._tokens.get()
            print(hashlib.sha256(token.encode()).hexdigest(), flush=True)
        await client.close()


asyncio.run(main(*sys.argv[1:]))
