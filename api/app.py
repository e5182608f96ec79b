"""The ASGI application: every route, behind the edge's middlewares."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp

from api import console_page, oauth, uploads, wechat_push
from api.context import make_context
from api.edge.health import Health
from api.edge.lifecycle import Lifecycle
from api.edge.metrics import Metrics
from api.edge.server import settle_memory
from api.edge.stack import guard
from api.graphql.connections import Connections
from api.graphql.documents import TrustedDocuments
from api.graphql.execution import Schema
from api.graphql.http import GraphQLEndpoint
from api.graphql.rows import RowExecutor
from api.pages.errors import error_page
from api.pages.errors import handlers as page_errors
from api.pages.routes import BODIES as PAGE_BODIES
from api.pages.routes import routes as page_routes
from core import database, redis
from core.settings import Settings
from identity.authentication import count_request, still_good
from integrations.wechat import metrics as wechat_metrics
from media import worker
from notifications import metrics as delivery_metrics
from schema.build import build
from schema.context import Context

Parts = Callable[[], AbstractAsyncContextManager[Any]]


@dataclass
class Service:
    """The application and what its process must know of it."""

    app: ASGIApp
    lifecycle: Lifecycle
    metrics: Metrics
    connections: Connections
    schema: Schema = field(repr=False)


def make_service(settings: Settings, database_config: Mapping[str, Any], *parts: Parts) -> Service:
    """Put the application together.

    ``parts`` are entered when it starts, after PostgreSQL and Redis, and left when it stops: the
    job worker of a single process is one.
    """
    lifecycle, metrics = Lifecycle(), Metrics()
    connections = Connections(person=_person, still_good=_still_good, count=_count)
    schema = make_schema(settings)
    endpoint = GraphQLEndpoint(
        schema,
        make_context,
        connections,
        allowed_origins=settings.cors_origins,
        console=console_page.to_console,
    )
    metrics.add(*wechat_metrics.COLLECTORS, *delivery_metrics.COLLECTORS)
    metrics.gauge("sockets_open", "Open sockets and event streams", lambda: len(connections))
    metrics.gauge(
        "database_connections", "Open connections to PostgreSQL", database.open_connections
    )
    metrics.gauge(
        "database_connections_busy",
        "Connections that a statement or a transaction holds",
        database.busy_connections,
    )
    health = Health(
        {"database": database.ping, "redis": redis.ping},
        lifecycle,
        metrics,
        metrics_token=(
            settings.metrics_token.get_secret_value() if settings.metrics_token else None
        ),
    )

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(redis.connected(_redis_url(settings)))
            await stack.enter_async_context(database.connected(database_config))
            for part in parts:
                await stack.enter_async_context(part())
            watching = asyncio.create_task(connections.watch())
            stack.callback(watching.cancel)
            lifecycle.on_stop(connections.close_all)
            stack.callback(worker.close)
            schema.warm()
            settle_memory()
            yield

    routes: list[BaseRoute] = [
        Route("/graphql", endpoint),
        WebSocketRoute("/graphql", endpoint),
        *oauth.routes,
        *uploads.routes,
        *wechat_push.routes,
        *health.routes(),
        *console_page.routes(),
        *page_routes,
    ]
    app = Starlette(routes=routes, lifespan=lifespan, exception_handlers=page_errors)
    return Service(
        app=guard(
            app,
            lifecycle=lifecycle,
            metrics=metrics,
            trusted_proxies=settings.trusted_proxies,
            cors_origins=settings.cors_origins,
            bodies={**uploads.BODIES, **wechat_push.BODIES, **PAGE_BODIES},
            body_refused=error_page,
        ),
        lifecycle=lifecycle,
        metrics=metrics,
        connections=connections,
        schema=schema,
    )


def make_schema(settings: Settings | None = None) -> Schema:
    """The schema behind our limits; without settings, as it is printed."""
    if settings is None:
        return build(Schema)
    only = settings.only_trusted_documents
    folder = settings.trusted_documents
    trusted = (
        TrustedDocuments.from_folder(folder, only_trusted=only)
        if folder
        else TrustedDocuments(only_trusted=only)
    )
    return build(
        Schema,
        execution_context_class=RowExecutor,
        seconds=settings.operation_seconds,
        trusted=trusted,
    )


def _person(context: Context) -> str | None:
    return str(context.actor.id) if context.actor.id else None


async def _still_good(context: Context) -> bool:
    return await still_good(context.actor)


async def _count(context: Context) -> None:
    await count_request(context.actor)


def _redis_url(settings: Settings) -> str | None:
    return settings.redis_url.get_secret_value() if settings.redis_url else None
