"""Signatures and TLS connections of the lean client."""

import socketserver
import ssl
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import time_machine
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSPreparedRequest, AWSRequest
from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import SSLError

from chalicelib.dynamodb.transport.http_session import HttpSession, parse_endpoint
from chalicelib.dynamodb.transport.signing import RequestSigner
from tests.faulty_server import build_response
from tests.threaded_server import run_in_thread

CERTIFICATE = Path(__file__).parents[1] / "data" / "localhost.pem"
TARGET = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "DynamoDB_20120810.GetItem"}


@pytest.mark.parametrize("token", [None, "a/session+token=="])
@pytest.mark.parametrize(
    "url", ["https://dynamodb.eu-central-1.amazonaws.com/", "http://localhost:8000"]
)
def test_the_signature_is_that_of_botocore(url: str, token: str | None) -> None:
    credentials = ReadOnlyCredentials("AKIDEXAMPLE", "secret", token)
    signer = RequestSigner("eu-central-1", "dynamodb")
    for moment in ("2026-11-01T23:59:59Z", "2026-11-02T00:00:00Z"):  # the signing key changes
        with time_machine.travel(moment, tick=False):
            headers = dict(TARGET)
            signer.add_signature(headers, b'{"a":"b"}', parse_endpoint(url), credentials)
            request = AWSRequest("POST", url, headers=dict(TARGET), data=b'{"a":"b"}')
            SigV4Auth(credentials, "dynamodb", "eu-central-1").add_auth(request)
        assert headers == dict(request.headers.items())


def test_new_credentials_are_used_at_once() -> None:
    signer, signatures = RequestSigner("eu-central-1", "dynamodb"), set()
    with time_machine.travel("2026-11-01T00:00:00Z", tick=False):
        for secret in ("one", "two", "one"):
            headers = dict(TARGET)
            credentials = ReadOnlyCredentials("AKIDEXAMPLE", secret, None)
            signer.add_signature(headers, b"", parse_endpoint("https://x"), credentials)
            signatures.add(headers["Authorization"])
    assert len(signatures) == 2


class _TlsServer(socketserver.ThreadingTCPServer):
    """Answers one request for each connection and notes whether its TLS session was resumed."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATE)
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.resumed: list[bool | None] = []

    def handle_error(self, *_: object) -> None:
        """Ignore a client that refuses the certificate."""


class _Handler(socketserver.BaseRequestHandler):
    server: _TlsServer

    def handle(self) -> None:
        self.server.resumed.append(self.request.session_reused)
        self.request.recv(65_536)
        self.request.sendall(build_response(b"{}", Connection="close"))


@contextmanager
def run_tls_server() -> Iterator[_TlsServer]:
    with run_in_thread(_TlsServer()) as server:
        yield server


def _send(session: HttpSession, server: _TlsServer) -> bytes:
    url = f"https://localhost:{server.server_address[1]}"
    request = AWSPreparedRequest("POST", url, dict(TARGET), b"{}", False)  # type: ignore[arg-type]
    return session.send(request).content


def _build_session(ca_bundle: str) -> HttpSession:
    return HttpSession(connect_timeout=5, read_timeout=5, ca_bundle=ca_bundle, max_idle=2)


def test_a_new_connection_resumes_the_tls_session() -> None:
    with run_tls_server() as server, closing(_build_session(str(CERTIFICATE))) as session:
        assert [_send(session, server) for _ in range(2)] == [b"{}", b"{}"]
        assert server.resumed == [False, True]


def test_a_server_that_the_ca_bundle_does_not_know_is_refused() -> None:
    import certifi

    with (
        run_tls_server() as server,
        closing(_build_session(certifi.where())) as session,
        pytest.raises(SSLError),
    ):
        _send(session, server)
