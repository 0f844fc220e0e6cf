"""The mailbox page of `make run`: shows the emails that the emulated SES accepted."""

import json
import threading
import urllib.request
from email import message_from_string, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

PAGE = Path(__file__).with_name("mailbox.html")
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Mailbox:
    """A server on `port` that shows the emulator's mailbox at the URL `source`.

    Browsers can't read that URL themselves, because it has another origin.
    """

    def __init__(self, port: int, source: str) -> None:
        class Handler(_Handler):
            mailbox_url = source

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)

    def start(self) -> None:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def read_messages(source: str) -> list[dict[str, Any]]:
    """Return the sent emails, newest first, in one format for both emulators."""
    with _opener.open(source, timeout=10) as response:
        found = json.loads(response.read())["messages"]
    # LocalStack returns a list, ministack a list per account.
    emails = found if isinstance(found, list) else [m for part in found.values() for m in part]
    return [_convert(email) for email in reversed(emails)]


def _convert(message: dict[str, Any]) -> dict[str, Any]:
    """Return an email for the page. LocalStack keeps the raw email, ministack the parsed fields."""
    if raw := message.get("RawData"):
        return _parse(message_from_string(raw, policy=policy.default)) | {
            "at": message["Timestamp"]
        }
    return {
        "to": ", ".join(message["To"]),
        "subject": message.get("Subject") or "",
        "at": message.get("Timestamp"),
        "text": message.get("BodyText") or "",
        "html": message.get("BodyHtml") or "",
    }


def _parse(mail: EmailMessage) -> dict[str, Any]:
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    return {
        "to": str(mail["To"]),
        "subject": str(mail["Subject"]),
        "text": text.get_content() if text else "",
        "html": html.get_content() if html else "",
    }


class _Handler(BaseHTTPRequestHandler):
    mailbox_url = ""

    def do_GET(self) -> None:
        if self.path == "/messages":
            self._send("application/json", json.dumps(read_messages(self.mailbox_url)).encode())
        elif self.path == "/":
            self._send("text/html; charset=utf-8", PAGE.read_bytes())
        else:
            self.send_error(404)

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing: the page requests new emails every two seconds."""

    def _send(self, kind: str, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
