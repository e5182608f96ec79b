"""GraphQL over HTTP: https://graphql.github.io/graphql-over-http/draft/ (audited by graphql-http).

GET runs queries only; POST takes JSON only, which browsers don't send to another origin without
asking, so that no form on another page can act for its visitor. No batches, no multipart bodies.
The size of bodies and their slowness are bounded by :mod:`api.edge.bodies`.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, NoReturn

import orjson
from graphql import GraphQLError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.schema.exceptions import InvalidOperationTypeError
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types.execution import ExecutionResult, PreExecutionError
from strawberry.types.graphql import OperationType

from api.faults import as_refusal, incident_message, report_incident
from api.graphql.accept import JSON, RESPONSE, STREAMS, acceptable
from api.graphql.connections import Connections
from api.graphql.errors import refusal
from api.graphql.execution import Schema
from api.graphql.payload import Parameters, decode_json, decode_query_string, read_parameters
from api.graphql.sockets import SocketAdapter, SocketHandler
from api.graphql.streams import FRAMINGS, ResultStream
from api.language import preferred_language
from core.errors import Code, DomainError, InvalidInput, Language

MakeContext = Callable[[Request | WebSocket, dict[str, Any] | None], Awaitable[Any]]

STATUS = {
    Code.UNAUTHENTICATED: 401,
    Code.RATE_LIMITED: 429,
    Code.UNAVAILABLE: 503,
    Code.INTERNAL: 500,
}
VARY = "Accept, Accept-Language, Authorization, Cookie"
PUBLIC = "public, max-age=1"
PRIVATE = "private, no-store"


class _WrongRequest(Exception):
    """A request that HTTP itself refuses, with its status and headers."""

    def __init__(
        self, status: int, error: DomainError, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__()
        self.status = status
        self.error = error
        self.headers = headers or {}


class GraphQLEndpoint(GraphQL[Any, None]):
    """The ASGI application behind ``/graphql``: HTTP, event streams and sockets.

    Args:
        schema: what is served.
        make_context: builds the context of a request, or of a socket from the payload of its
            ``connection_init``; raises a ``DomainError`` when the credentials are no good.
        connections: where open sockets and streams are booked.
        allowed_origins: other origins whose pages may open sockets.
        console: answers a browser that opens the address without a query.
    """

    schema: Schema
    graphql_transport_ws_handler_class = SocketHandler
    websocket_adapter_class = SocketAdapter

    def __init__(
        self,
        schema: Schema,
        make_context: MakeContext,
        connections: Connections,
        *,
        allowed_origins: Sequence[str] = (),
        console: Callable[[Request], Awaitable[Response]] | None = None,
    ) -> None:
        super().__init__(
            schema,
            graphql_ide=None,
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL,),
            connection_init_wait_timeout=timedelta(seconds=5),
            max_subscriptions_per_connection=20,
            allowed_origins=allowed_origins,
        )
        self.make_context = make_context
        self.connections = connections
        self._console = console

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or socket."""
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        request = Request(scope, receive)
        response = await self._answer(request)
        await response(scope, receive, send)

    async def get_context(self, request: Any, response: Any) -> Any:
        """None: a socket's caller is known only after ``connection_init``."""
        return None

    async def _answer(self, request: Request) -> Response:
        language = preferred_language(request.headers.get("accept-language"))
        media = RESPONSE
        try:
            media = _media_type(request)
            if self._console and _wants_console(request):
                return await self._console(request)
            wanted = await self._parameters(request)
            context = await self.make_context(request, None)
            if media in STREAMS:
                return await self._stream(request, wanted, context, media)
            return await self._run(request, wanted, context, media)
        except _WrongRequest as wrong:
            return _refused(wrong.error, language, media, wrong.status, wrong.headers)
        except HTTPException as wrong:  # the body was too large or too slow
            refused = InvalidInput(reason=wrong.detail)
            return _refused(refused, language, media, wrong.status_code, wrong.headers)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody will read it
        except Exception as error:
            known = as_refusal(error)
            if known is not None:
                return _refused(known, language, media, STATUS.get(known.code, 400))
            return _failed(report_incident(error), language, media)

    async def _parameters(self, request: Request) -> Parameters:
        if request.method == "GET":
            data = decode_query_string(request.scope["query_string"])
        elif request.method == "POST":
            _require_json(request)
            data = decode_json(await request.body())
        else:
            _wrong(405, "METHOD", {"Allow": "GET, POST"})
        return read_parameters(data, self.schema.trusted)

    async def _run(
        self, request: Request, wanted: Parameters, context: Any, media: str
    ) -> Response:
        is_get = request.method == "GET"
        try:
            result = await self.schema.execute(
                wanted.query,
                variable_values=wanted.variables,
                context_value=context,
                operation_name=wanted.operation_name,
                operation_extensions=wanted.extensions,
                allowed_operation_types=_allowed(request.method) - {OperationType.SUBSCRIPTION},
            )
        except InvalidOperationTypeError as error:
            if error.operation_type is OperationType.SUBSCRIPTION:
                _wrong(406, "SUBSCRIPTION_NEEDS_EVENT_STREAM")
            _wrong(405, "MUTATION_BY_GET", {"Allow": "POST"})
        response = Response(_encode(result), _status(result, media), media_type=_typed(media))
        if is_get and not result.errors and _is_anonymous(request):
            return _public(request, response)
        response.headers["Cache-Control"] = PRIVATE
        return response

    async def _stream(
        self, request: Request, wanted: Parameters, context: Any, media: str
    ) -> Response:
        results = await self.schema.stream(
            wanted.query,
            variable_values=wanted.variables,
            context_value=context,
            operation_name=wanted.operation_name,
            operation_extensions=wanted.extensions,
            allowed_operation_types=_allowed(request.method),
        )
        address = request.client.host if request.client else ""
        return ResultStream(
            results,
            _encode,
            FRAMINGS[media],
            connections=self.connections,
            address=address,
            context=context,
        )


def _allowed(method: str) -> set[OperationType]:
    types = {OperationType.QUERY, OperationType.SUBSCRIPTION}
    return types if method == "GET" else types | {OperationType.MUTATION}


def _media_type(request: Request) -> str:
    media = acceptable(request.headers.get("accept"))
    if media is None:
        _wrong(406, "NOT_ACCEPTABLE")
    return media


def _wants_console(request: Request) -> bool:
    return (
        request.method == "GET"
        and not request.scope["query_string"]
        and "text/html" in request.headers.get("accept", "")
    )


def _require_json(request: Request) -> None:
    kind, _, parameters = request.headers.get("content-type", "").partition(";")
    charset = parameters.strip().lower().removeprefix("charset=").strip('"')
    if kind.strip().lower() != JSON or charset not in ("", "utf-8", "utf8"):
        _wrong(415, "CONTENT_TYPE", {"Accept-Post": JSON})


def _wrong(status: int, reason: str, headers: Mapping[str, str] | None = None) -> NoReturn:
    raise _WrongRequest(status, InvalidInput(reason=reason), headers)


def _encode(result: ExecutionResult) -> bytes:
    body: dict[str, Any] = {}
    if result.errors:
        body["errors"] = [error.formatted for error in result.errors]
    if not isinstance(result, PreExecutionError):
        body["data"] = result.data
    return orjson.dumps(body)


def _status(result: ExecutionResult, media: str) -> int:
    """200 for ``application/json``, whatever happened; else what the specification asks."""
    if media == JSON or not isinstance(result, PreExecutionError):
        return 200
    for error in result.errors or ():
        if isinstance(error.original_error, DomainError):
            return STATUS.get(error.original_error.code, 400)
        if error.extensions and error.extensions.get("code") == Code.INTERNAL.value:
            return 500
    return 400


def _typed(media: str) -> str:
    # Clients compare the type for equality more often than they should; JSON needs no charset.
    return f"{media}; charset=utf-8" if media == RESPONSE else media


def _is_anonymous(request: Request) -> bool:
    return "authorization" not in request.headers and "cookie" not in request.headers


def _public(request: Request, response: Response) -> Response:
    """Let caches keep an anonymous answer, and say 304 to those who have it already."""
    tag = f'"{hashlib.blake2b(bytes(response.body), digest_size=16).hexdigest()}"'
    headers = {"ETag": tag, "Cache-Control": PUBLIC, "Vary": VARY}
    known = [
        t.strip().removeprefix("W/") for t in request.headers.get("if-none-match", "").split(",")
    ]
    if tag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    response.headers.update(headers)
    return response


def _refused(
    error: DomainError,
    language: Language,
    media: str,
    status: int,
    headers: Mapping[str, str] | None = None,
) -> Response:
    body = PreExecutionError(None, [refusal(error, language)])
    answer = {"Cache-Control": PRIVATE, **(headers or {})}
    wait = error.params.get("retryAfter")
    if isinstance(wait, int | float):
        answer["Retry-After"] = str(math.ceil(wait))
    kind = JSON if media in STREAMS else media
    return Response(_encode(body), status, answer, media_type=_typed(kind))


def _failed(incident: str, language: Language, media: str) -> Response:
    error = GraphQLError(
        incident_message(incident, language),
        extensions={"code": Code.INTERNAL.value, "params": {"incident": incident}},
    )
    kind = JSON if media in STREAMS else media
    return Response(
        _encode(PreExecutionError(None, [error])),
        500,
        {"Cache-Control": PRIVATE},
        media_type=_typed(kind),
    )
