"""The mailbox page of the local setup, with recorded answers of ministack and LocalStack."""

import json
from collections.abc import Iterator
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests

from localstack.cloud import find_free_port
from localstack.mailbox import Mailbox
from tests.threaded_server import run_in_thread

MINISTACK = {
    "messages": {
        "000000000000": [
            {"To": ["a@example.com"], "Subject": "First", "BodyText": "1", "BodyHtml": "<p>1</p>"},
            {"To": ["b@example.com"], "Subject": "Second", "BodyText": "2", "BodyHtml": None},
        ]
    }
}


def _build_raw_mail(to: str, subject: str, text: str, html: str = "") -> str:
    mail = EmailMessage()
    mail["To"], mail["Subject"] = to, subject
    mail.set_content(text, cte="quoted-printable")
    if html:
        mail.add_alternative(html, subtype="html")
    return mail.as_string()


# The answer of LocalStack 4.14 for emails sent with SendRawEmail.
LOCALSTACK = {
    "messages": [
        {"RawData": _build_raw_mail("a@example.com", "First", "1", "<p>1</p>"), "Timestamp": "..."},
        {"RawData": _build_raw_mail("b@example.com", "Second", "2"), "Timestamp": "..."},
    ]
}


@pytest.fixture(params=[MINISTACK, LOCALSTACK], ids=["ministack", "localstack"])
def page(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of the mailbox page."""

    class Emulator(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(request.param).encode())

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with run_in_thread(ThreadingHTTPServer(("127.0.0.1", 0), Emulator)) as emulator:
        port = find_free_port()
        mailbox = Mailbox(port, f"http://127.0.0.1:{emulator.server_port}/")
        mailbox.start()
        yield f"http://127.0.0.1:{port}"
        mailbox.stop()


def test_mails_are_listed_newest_first(page: str) -> None:
    mails = requests.get(f"{page}/messages", timeout=10).json()
    shown = [[mail[name].rstrip() for name in ("subject", "to", "text", "html")] for mail in mails]
    assert shown == [
        ["Second", "b@example.com", "2", ""],
        ["First", "a@example.com", "1", "<p>1</p>"],
    ]


def test_a_mail_is_shown_in_a_sandbox(page: str) -> None:
    answer = requests.get(page, timeout=10)
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in answer.text
    assert requests.get(f"{page}/elsewhere", timeout=10).status_code == 404
