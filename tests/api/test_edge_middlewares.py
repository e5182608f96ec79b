"""Whom the edge believes, what it adds, what it lets through, and what it writes down."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any, ClassVar

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send
from structlog.testing import capture_logs

from api.edge.bodies import BodyLimit, BodyRefused, BodyRule
from api.edge.headers import DATA_POLICY, PAGE_POLICY
from api.edge.lifecycle import Lifecycle
from api.edge.metrics import Metrics
from api.edge.observe import NO_ROUTE
from api.edge.proxies import TrustedProxies, parse_address
from api.edge.stack import guard
from core.logging import ALLOWED

TOKEN = "Zm9vYmFyYmF6cXV4MTIzNA"


async def who(request: Request) -> Response:
    host = request.client.host if request.client else None
    return JSONResponse({"client": host, "scheme": request.url.scheme})


async def page(request: Request) -> Response:
    return HTMLResponse("<h1>plate</h1>")


async def own_policy(request: Request) -> Response:
    return HTMLResponse("x", headers={"Content-Security-Policy": "default-src 'self'"})


async def length(request: Request) -> Response:
    return PlainTextResponse(str(len(await request.body())))


async def broken(request: Request) -> Response:
    raise RuntimeError("secret")


APP = Starlette(
    routes=[
        Route("/", who),
        Route("/q/{token}", page),
        Route("/own", own_policy),
        Route("/length", length, methods=["POST"]),
        Route("/uploads/{id}", length, methods=["PUT"]),
        Route("/broken", broken),
    ]
)


def client_of(app: ASGIApp, peer: str = "127.0.0.1", **options: Any) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, client=(peer, 5555), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://town.test", **options)


def guarded(**options: Any) -> ASGIApp:
    return guard(APP, **{"lifecycle": Lifecycle(), "metrics": Metrics(), **options})


class TestTrustedProxies:
    @pytest.mark.parametrize(
        ("peer", "header", "client"),
        [
            ("127.0.0.1", "203.0.113.7", "203.0.113.7"),
            ("127.0.0.1", "198.51.100.1, 203.0.113.7", "203.0.113.7"),
            ("127.0.0.1", "203.0.113.7, 10.1.2.3", "203.0.113.7"),
            ("127.0.0.1", "203.0.113.7:4711, 10.1.2.3", "203.0.113.7"),
            ("127.0.0.1", "[2001:db8::7]:4711", "2001:db8::7"),
            ("127.0.0.1", "2001:db8::7", "2001:db8::7"),
            ("127.0.0.1", "::ffff:203.0.113.7", "203.0.113.7"),
            ("127.0.0.1", "203.0.113.7, unknown", "127.0.0.1"),
            ("127.0.0.1", "203.0.113.7, unknown, 10.1.2.3", "10.1.2.3"),
            ("127.0.0.1", "10.1.1.1, 10.1.2.3", "10.1.1.1"),
            ("127.0.0.1", "", "127.0.0.1"),
            ("127.0.0.1", "x" * 5_000, "127.0.0.1"),
            ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
        ],
    )
    async def test_the_caller_is_the_last_hop_that_is_not_ours(
        self, peer: str, header: str, client: str
    ) -> None:
        app = TrustedProxies(APP, ["127.0.0.1", "10.0.0.0/8"])
        async with client_of(app, peer) as http:
            answer = await http.get("/", headers={"x-forwarded-for": header})
        assert answer.json()["client"] == client

    async def test_nobody_is_believed_without_a_list(self) -> None:
        async with client_of(TrustedProxies(APP)) as http:
            headers = {"x-forwarded-for": "203.0.113.7", "x-forwarded-proto": "https"}
            answer = await http.get("/", headers=headers)
        assert answer.json() == {"client": "127.0.0.1", "scheme": "http"}

    @pytest.mark.parametrize(
        ("header", "expected"),
        [
            ("for=203.0.113.7;proto=https", {"client": "203.0.113.7", "scheme": "https"}),
            ('for="[2001:db8::7]:80"', {"client": "2001:db8::7", "scheme": "http"}),
            (
                "for=198.51.100.1;proto=http, for=203.0.113.7;proto=https, for=10.0.0.1",
                {"client": "203.0.113.7", "scheme": "https"},
            ),
            ("for=_hidden", {"client": "127.0.0.1", "scheme": "http"}),
            (";;=;for", {"client": "127.0.0.1", "scheme": "http"}),
        ],
    )
    async def test_forwarded_is_read_when_it_is_the_chosen_header(
        self, header: str, expected: dict[str, str]
    ) -> None:
        app = TrustedProxies(APP, ["127.0.0.1", "10.0.0.0/8"], header="forwarded")
        async with client_of(app) as http:
            headers = {"forwarded": header, "x-forwarded-for": "192.0.2.66"}
            assert (await http.get("/", headers=headers)).json() == expected

    async def test_the_other_header_is_what_the_caller_wrote(self) -> None:
        async with client_of(TrustedProxies(APP, ["127.0.0.1"])) as http:
            answer = await http.get("/", headers={"forwarded": "for=192.0.2.66"})
        assert answer.json()["client"] == "127.0.0.1"

    @pytest.mark.parametrize(
        "text", ["", "unknown", "1.2.3", "1.2.3.4.5", "[::1", "a:b:c:g", "::1%"]
    )
    def test_what_is_no_address_is_none(self, text: str) -> None:
        assert parse_address(text) is None or text == "[::1"


class TestHeaders:
    async def test_every_answer_is_dressed(self) -> None:
        async with client_of(guarded()) as http:
            for path in ("/", "/nowhere", f"/q/{TOKEN}"):
                headers = (await http.get(path)).headers
                assert headers["x-content-type-options"] == "nosniff"
                assert headers["referrer-policy"] == "no-referrer"
                assert "frame-ancestors 'none'" in headers["content-security-policy"]
                assert "strict-transport-security" not in headers

    async def test_pages_and_data_have_policies_of_their_own(self) -> None:
        async with client_of(guarded()) as http:
            policy = "content-security-policy"
            assert (await http.get(f"/q/{TOKEN}")).headers[policy] == PAGE_POLICY
            assert (await http.get("/")).headers[policy] == DATA_POLICY
            assert (await http.get("/own")).headers[policy] == "default-src 'self'"

    async def test_https_is_remembered_also_behind_a_proxy(self) -> None:
        async with client_of(guarded(trusted_proxies=["127.0.0.1"])) as http:
            headers = {"x-forwarded-for": "203.0.113.7", "x-forwarded-proto": "https"}
            answer = await http.get("/", headers=headers)
        assert answer.headers["strict-transport-security"].startswith("max-age=31536000")


class TestCors:
    preflight: ClassVar = {"access-control-request-method": "POST"}

    async def test_listed_origins_may_call(self) -> None:
        async with client_of(guarded(cors_origins=["https://app.test"])) as http:
            for origin, status in (("https://app.test", 200), ("https://evil.test", 400)):
                headers = {"origin": origin, **self.preflight}
                answer = await http.options("/", headers=headers)
                assert answer.status_code == status
                assert (answer.headers.get("access-control-allow-origin") == origin) is (
                    status == 200
                )
                assert "access-control-allow-credentials" not in answer.headers

    async def test_nobody_may_without_a_list(self) -> None:
        async with client_of(guarded()) as http:
            answer = await http.get("/", headers={"origin": "https://app.test"})
        assert "access-control-allow-origin" not in answer.headers


class TestBodies:
    @pytest.mark.parametrize(("size", "status"), [(1_048_576, 200), (1_048_577, 413)])
    @pytest.mark.parametrize("chunked", [False, True])
    async def test_a_megabyte_and_no_more(self, size: int, status: int, chunked: bool) -> None:
        async def chunks() -> Any:
            for at in range(0, size, 65_536):
                yield b"x" * min(65_536, size - at)

        async with client_of(guarded()) as http:
            answer = await http.post("/length", content=chunks() if chunked else b"x" * size)
        assert answer.status_code == status

    async def test_paths_have_rules_of_their_own(self) -> None:
        app = guarded(bodies={"/uploads/": BodyRule(bytes=3_000_000)})
        async with client_of(app) as http:
            answer = await http.put("/uploads/1", content=b"x" * 2_000_000)
        assert (answer.status_code, answer.text) == (200, "2000000")

    @pytest.mark.parametrize(
        ("path", "status"),
        [("/q/x/report", 200), ("/q/x/y/report", 413), ("/q/x/reports", 413), ("/q//report", 413)],
    )
    async def test_a_rule_can_be_for_paths_of_a_form(self, path: str, status: int) -> None:
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await PlainTextResponse(str(len(await Request(scope, receive).body())))(
                scope, receive, send
            )

        limited = BodyLimit(app, paths={"/q/*/report": BodyRule(bytes=3_000_000)})
        async with client_of(limited) as http:
            assert (await http.post(path, content=b"x" * 2_000_000)).status_code == status

    async def test_who_answers_for_a_body_that_is_refused_can_be_said(self) -> None:
        def refused(request: Request, error: BodyRefused) -> Response:
            return PlainTextResponse(f"{request.url.path} {error.detail}", error.status_code)

        async with client_of(guarded(body=BodyRule(bytes=1), body_refused=refused)) as http:
            answer = await http.post("/length", content=b"xx")
        assert (answer.status_code, answer.text) == (413, "/length BODY_TOO_LARGE")

    @pytest.mark.parametrize("value", ["-1", "many", "1.5", "0x10"])
    async def test_a_length_that_is_no_number_is_refused(self, value: str) -> None:
        async with client_of(guarded()) as http:
            answer = await http.post("/length", headers={"content-length": value}, content=b"")
        assert answer.status_code == 400

    async def test_a_body_that_does_not_come_is_408(self) -> None:
        async def slow() -> Any:
            yield b"x"
            await asyncio.Event().wait()

        async with client_of(guarded(body=BodyRule(seconds=0.05))) as http:
            answer = await http.post("/length", content=slow())
        assert answer.status_code == 408


class TestObserve:
    async def test_the_log_holds_the_template_and_never_the_address(self) -> None:
        with capture_logs() as logs:
            async with client_of(guarded()) as http:
                await http.get(f"/q/{TOKEN}?phone=13800000000")
                await http.get(f"/nothing/{TOKEN}")
        assert [
            (line["event"], line["method"], line["route"], line["status"]) for line in logs
        ] == [
            ("request.finished", "GET", "/q/{token}", 200),
            ("request.finished", "GET", NO_ROUTE, 404),
        ]
        assert all(
            ALLOWED[key](value)
            for line in logs
            for key, value in line.items()
            if key != "log_level"
        )
        assert TOKEN not in str(logs)
        assert "138000" not in str(logs)

    async def test_every_answer_has_an_id_of_ours(self) -> None:
        async with client_of(guarded()) as http:
            headers = {"x-request-id": "forged"}
            first, second = [(await http.get("/", headers=headers)).headers for _ in range(2)]
        assert uuid.UUID(first["x-request-id"]) != uuid.UUID(second["x-request-id"])

    async def test_a_crash_counts_as_500_and_is_out_of_flight(self) -> None:
        metrics, lifecycle = Metrics(), Lifecycle()
        with capture_logs() as logs:
            async with client_of(guarded(metrics=metrics, lifecycle=lifecycle)) as http:
                assert (await http.get("/broken")).status_code == 500
        assert logs[0]["status"] == 500
        assert lifecycle.in_flight == 0
        assert numbers(metrics)["leye_http_requests_total", "/broken", "500"] == 1

    async def test_metrics_are_labelled_by_template_and_known_methods(self) -> None:
        metrics = Metrics()
        async with client_of(guarded(metrics=metrics)) as http:
            for n in range(3):
                await http.get(f"/q/{TOKEN}{n}")
                await http.request(f"MADE{n}UP", f"/made/up/{n}")
        counted = numbers(metrics)
        assert counted["leye_http_requests_total", "/q/{token}", "200"] == 3
        assert counted["leye_http_request_seconds_count", "/q/{token}", None] == 3
        assert b"MADE" not in metrics.text()
        assert b"/made/up" not in metrics.text()

    def test_others_add_gauges(self) -> None:
        metrics = Metrics()
        metrics.gauge("database_pool_idle", "Idle connections", lambda: 7)
        assert b"leye_database_pool_idle 7.0" in metrics.text()


def numbers(metrics: Metrics) -> dict[tuple[str, str | None, str | None], float]:
    return {
        (sample.name, sample.labels.get("route"), sample.labels.get("status")): sample.value
        for family in text_string_to_metric_families(metrics.text().decode())
        for sample in family.samples
    }
