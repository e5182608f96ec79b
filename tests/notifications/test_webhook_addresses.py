"""Where webhooks may go: never into the network that the service stands in."""

from __future__ import annotations

import asyncio
import datetime
import ssl
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from core.errors import InvalidInput
from notifications.webhooks.addresses import Resolve, checked_url, may_go_to
from notifications.webhooks.sending import Fault, Sender
from tests.notifications.receiver import receiving

NAME = "hooks.example.test"

INSIDE = [
    "0.0.0.0", "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.9.9.9",
    "168.63.129.16", "169.254.0.23", "169.254.169.254", "172.16.0.1", "172.31.255.255",
    "192.0.0.192", "192.88.99.1", "192.168.1.1", "198.18.0.1", "224.0.0.1", "240.0.0.1",
    "255.255.255.255", "::", "::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "::ffff:169.254.169.254",
    "64:ff9b::a00:1", "2002:a00:1::", "2001:0:a00:1::", "fc00::1", "fd00:ec2::254", "fe80::1",
    "ff02::1", "2001:db8::1",
]  # fmt: skip
OUTSIDE = ["1.1.1.1", "47.100.0.1", "223.5.5.5", "2400:3200::1", "::ffff:1.1.1.1"]


def leads_to(*addresses: str) -> Resolve:
    """A resolver by which every name leads to these."""

    async def resolve(host: str, port: int) -> list[str]:
        return list(addresses)

    return resolve


@pytest.mark.parametrize("text", INSIDE)
def test_inside_is_out_of_bounds(text: str) -> None:
    address = ip_address(text)
    assert not may_go_to(address, loopback=False)
    this_machine = (getattr(address, "ipv4_mapped", None) or address).is_loopback
    assert may_go_to(address, loopback=True) == this_machine


@pytest.mark.parametrize("text", OUTSIDE)
def test_outside_is_fine(text: str) -> None:
    assert may_go_to(ip_address(text), loopback=False)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://hooks.example.test/in", "HTTPS"),
        ("ftp://hooks.example.test/in", "HTTPS"),
        ("//hooks.example.test/in", "HTTPS"),
        ("hooks.example.test", "HTTPS"),
        ("https://me@hooks.example.test/", "USER_INFO"),
        ("https://me:word@hooks.example.test/", "USER_INFO"),
        ("https://good.test\\@127.0.0.1/", "USER_INFO"),
        ("https://127.0.0.1/", "ADDRESS"),
        ("https://2130706433/", "ADDRESS"),
        ("https://0x7f000001/", "ADDRESS"),
        ("https://0177.0.0.1/", "ADDRESS"),
        ("https://127.1/", "ADDRESS"),
        ("https://127.0.0.1./", "ADDRESS"),
        ("https://169.254.169.254/latest/meta-data", "ADDRESS"),
        ("https://[::1]/", "ADDRESS"),
        ("https://[::ffff:7f00:1]/", "ADDRESS"),
        ("https://[fd00:ec2::254]/", "ADDRESS"),
        ("https:///in", "URL"),
        ("https://hooks.example.test:99999/", "URL"),
        ("https://hooks.example.test:0/", "URL"),
        ("https://hooks example.test/", "URL"),
        ("https://hooks.example.test/\r\nx-more: 1", "URL"),
        ("https://网格.example.test/", "URL"),
        ("https://hooks.example.test/#part", "URL"),
        ("https://[::1/", "URL"),
        ("https://hooks.example.test/" + "a" * 500, "URL"),
        ("", "URL"),
    ],
)
def test_an_address_is_refused_with_its_reason(url: str, reason: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        checked_url(url, loopback=False)
    assert (refusal.value.field, refusal.value.reason) == ("input.url", reason)


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.test/in?key=1",
        "https://hooks.example.test:8443/",
        "https://1.1.1.1/",
        "https://xn--fiq228c.example.test/",
    ],
)
def test_public_addresses_are_taken_as_they_are(url: str) -> None:
    assert checked_url(f" {url} ", loopback=False) == url


def test_in_development_this_machine_will_do() -> None:
    assert checked_url("http://127.0.0.1:9000/hook", loopback=True)
    with pytest.raises(InvalidInput):
        checked_url("http://192.168.1.1/hook", loopback=True)


# At the connection


@pytest.mark.parametrize(
    ("addresses", "fault"),
    [
        (["127.0.0.1"], Fault.ADDRESS_REFUSED),
        (["169.254.169.254"], Fault.ADDRESS_REFUSED),
        (["::ffff:127.0.0.1"], Fault.ADDRESS_REFUSED),
        (["fe80::1%eth0"], Fault.ADDRESS_REFUSED),
        (["1.1.1.1", "10.0.0.1"], Fault.ADDRESS_REFUSED),
        ([], Fault.UNKNOWN_HOST),
    ],
)
async def test_a_name_that_leads_inside_is_not_followed(addresses: list[str], fault: Fault) -> None:
    async with receiving() as receiver:
        sender = Sender(loopback=False, resolve=leads_to(*addresses))
        answer = await sender.post(f"http://{NAME}:{receiver.port}/", [], b"{}")
        assert (answer.status, answer.fault) == (None, fault)
        assert receiver.came == []


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0x7f.1", "localhost", "[::1]"])
async def test_numbers_and_names_of_this_machine_are_not_followed(host: str) -> None:
    async with receiving() as receiver:
        answer = await Sender(loopback=False).post(f"http://{host}:{receiver.port}/", [], b"{}")
        assert answer.status is None
        assert answer.fault in {Fault.ADDRESS_REFUSED, Fault.UNKNOWN_HOST}
        assert receiver.came == []


async def test_a_name_that_leads_elsewhere_at_the_next_look_gains_nothing() -> None:
    looks: list[str] = []

    async def rebinding(host: str, port: int) -> list[str]:
        looks.append(host)
        return ["127.0.0.1"] if len(looks) == 1 else ["10.0.0.1"]

    async with receiving() as receiver:
        sender = Sender(loopback=True, resolve=rebinding)
        first = await sender.post(f"http://{NAME}:{receiver.port}/", [], b"{}")
        assert first.status == 204, "the connection goes to the address that was checked"
        assert looks == [NAME]
        second = await sender.post(f"http://{NAME}:{receiver.port}/", [], b"{}")
        assert second.fault is Fault.ADDRESS_REFUSED
        assert len(receiver.came) == 1


async def test_the_next_address_is_tried_when_one_does_not_answer() -> None:
    async with receiving() as receiver:
        sender = Sender(loopback=True, resolve=leads_to("127.0.0.9", "127.0.0.1"))
        answer = await sender.post(f"http://{NAME}:{receiver.port}/", [], b"{}")
        assert answer.status == 204
        assert receiver.came[0].headers["host"] == f"{NAME}:{receiver.port}"


async def test_a_look_up_that_hangs_is_given_up() -> None:
    async def hangs(host: str, port: int) -> list[str]:
        await asyncio.Event().wait()
        return []

    sender = Sender(loopback=True, resolve=hangs, connect=0.05)
    answer = await sender.post(f"https://{NAME}/", [], b"{}")
    assert answer.fault is Fault.TIMEOUT


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for the name, made up, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test")])
    today = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file


async def test_the_certificate_must_be_for_the_name_that_the_app_gave(certificate: Path) -> None:
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate)
    trusting = ssl.create_default_context(cafile=str(certificate))
    async with receiving(serving) as receiver:
        here = leads_to("127.0.0.1")
        sender = Sender(loopback=True, resolve=here, tls=trusting)
        good = await sender.post(f"https://{NAME}:{receiver.port}/", [], b"{}")
        assert good.status == 204
        other = await sender.post(f"https://other.test:{receiver.port}/", [], b"{}")
        assert other.fault is Fault.TLS
        unknown = Sender(loopback=True, resolve=here)
        assert (await unknown.post(f"https://{NAME}:{receiver.port}/", [], b"{}")).fault is (
            Fault.TLS
        )
        assert len(receiver.came) == 1
