"""``graphql-transport-ws`` with limits on frames, messages, pings, time and subscriptions.

Close codes beyond the protocol's own: 4401 the session ended (sign in again), 4403 the token of
``connection_init`` is not good (refresh it and reconnect), 4429 too many of something.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from typing import TYPE_CHECKING, Any, cast

import orjson
from graphql import GraphQLError
from starlette.websockets import WebSocketDisconnect, WebSocketState
from strawberry.asgi import ASGIWebSocketAdapter
from strawberry.http.exceptions import (
    NonJsonMessageReceived,
    NonTextMessageReceived,
    WebSocketDisconnected,
)
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import (
    BaseGraphQLTransportWSHandler,
)
from strawberry.subscriptions.protocols.graphql_transport_ws.types import (
    ConnectionInitMessage,
    ErrorMessage,
    Message,
    PingMessage,
    SubscribeMessage,
)

from api.edge.wire import MAX_FRAME, Allowance
from api.faults import as_refusal, report_incident
from api.graphql.connections import Connection
from api.graphql.errors import refusal
from api.graphql.execution import language_of
from api.graphql.payload import decode_json, read_parameters
from core.errors import Code, DomainError, InvalidInput, RateLimited

if TYPE_CHECKING:
    from api.graphql.http import GraphQLEndpoint

FORBIDDEN = 4403
TOO_MANY = 4429
TOO_BIG = 1009
INTERNAL = 4500
LONGEST_ID = 128


class SocketAdapter(ASGIWebSocketAdapter):
    """Text frames of JSON, bounded in size."""

    async def iter_json(
        self, *, ignore_parsing_errors: bool = False
    ) -> AsyncGenerator[object, None]:
        """Messages until the socket closes."""
        while self.ws.application_state != WebSocketState.DISCONNECTED:
            try:
                text = await self.ws.receive_text()
            except WebSocketDisconnect:
                return
            except KeyError as error:
                raise NonTextMessageReceived from error
            if not isinstance(text, str):
                raise NonTextMessageReceived
            if len(text) > MAX_FRAME:
                await self.close(TOO_BIG, "Message too big")
                return
            try:
                yield decode_json(text)
            except InvalidInput as error:
                raise NonJsonMessageReceived from error

    async def send_json(self, message: Mapping[str, object]) -> None:
        """Send one text frame.

        Raises:
            WebSocketDisconnected: the peer is gone, or we closed.
        """
        if self.ws.application_state == WebSocketState.DISCONNECTED:
            raise WebSocketDisconnected
        try:
            await self.ws.send_text(orjson.dumps(message).decode())
        except WebSocketDisconnect as error:
            raise WebSocketDisconnected from error

    async def close(self, code: int, reason: str) -> None:
        """Close once; later calls do nothing."""
        if self.ws.application_state != WebSocketState.DISCONNECTED:
            await self.ws.close(code=code, reason=reason)


class SocketHandler(BaseGraphQLTransportWSHandler[Any, Any]):
    """One socket from its acceptance to its end."""

    view: GraphQLEndpoint
    websocket: SocketAdapter

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._messages = Allowance(rate=20, burst=100)
        self._pings = Allowance(rate=1, burst=10)
        self._connection: Connection

    async def handle(self) -> None:
        """Serve the socket until it closes."""
        client = self.websocket.ws.client
        try:
            self._connection = self.view.connections.open(client.host if client else "", self.end)
        except RateLimited:
            await self.websocket.close(TOO_MANY, "Too many connections")
            return
        with self._connection:
            await super().handle()

    async def end(self, code: int, reason: str) -> None:
        """Stop every operation and close; for the process or the identity layer."""
        for operation_id in list(self.operations):
            await self.cleanup_operation(operation_id)
        await self.websocket.close(code, reason)

    async def handle_message(self, message: Message) -> None:
        """One message of the client, if it has the right form and is not one too many."""
        if not self._messages.take():
            await self.websocket.close(TOO_MANY, "Too many messages")
        elif not _is_well_formed(message):
            await self.handle_invalid_message("Malformed message")
        else:
            await super().handle_message(message)

    async def handle_ping(self, message: PingMessage) -> None:
        """Answer, at a human rate."""
        if self._pings.take():
            await super().handle_ping(message)
        else:
            await self.websocket.close(TOO_MANY, "Too many pings")

    async def handle_connection_init(self, message: ConnectionInitMessage) -> None:
        """Find out who is there from the payload, then acknowledge."""
        payload = message.get("payload") or {}
        if not (self.connection_init_received or self.connection_timed_out):
            try:
                self.context = await self.view.make_context(
                    self.websocket.ws, cast("dict[str, Any]", payload)
                )
                self._connection.identify(self.context)
            except Exception as error:
                await self._refuse_init(error)
                return
        await super().handle_connection_init(message)

    async def _refuse_init(self, error: Exception) -> None:
        known = as_refusal(error)
        if known is None:
            incident = report_incident(error)
            await self.websocket.close(INTERNAL, f"Internal error {incident}")
        elif known.code is Code.RATE_LIMITED:
            await self.websocket.close(TOO_MANY, "Too many connections")
        elif known.code is Code.UNAVAILABLE:
            await self.websocket.close(1013, "Try again later")
        else:
            await self.websocket.close(FORBIDDEN, "Forbidden")

    async def handle_subscribe(self, message: SubscribeMessage) -> None:
        """Start an operation; a document may be named by its hash."""
        if not self.connection_acknowledged:
            await super().handle_subscribe(message)
            return
        limit = self.max_subscriptions_per_connection
        try:
            if limit is not None and len(self.operations) >= limit:
                raise RateLimited(reason="SUBSCRIPTIONS", params={"limit": limit})
            await self.view.connections.count(self.context)
            wanted = read_parameters(message["payload"], self.view.schema.trusted)
        except DomainError as error:
            await self._send_error(message["id"], refusal(error, language_of(self.context)))
            return
        payload = {
            "query": wanted.query,
            "variables": wanted.variables,
            "operationName": wanted.operation_name,
        }
        await super().handle_subscribe({**message, "payload": payload})  # type: ignore[typeddict-item]

    async def _send_error(self, operation_id: str, error: GraphQLError) -> None:
        answer: ErrorMessage = {
            "id": operation_id,
            "type": "error",
            "payload": [error.formatted],
        }
        await self.send_message(answer)


def _is_well_formed(message: Any) -> bool:
    if not isinstance(message, dict):
        return False
    kind, payload = message.get("type"), message.get("payload")
    if kind in ("connection_init", "ping", "pong"):
        return payload is None or isinstance(payload, dict)
    if kind not in ("subscribe", "complete"):
        return False
    operation_id = message.get("id")
    if not (isinstance(operation_id, str) and 0 < len(operation_id) <= LONGEST_ID):
        return False
    return kind == "complete" or isinstance(payload, dict)
