"""The mailbox page of `make run`: shows what the emulator's SES accepted."""

import json
import threading
import urllib.request
from email import message_from_string, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

PAGE = Path(__file__).with_name("mailbox.html")
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Mailbox:
    """A page on `port` that reads the emulator's mailbox at `source`, which browsers may not."""

    def __init__(self, port: int, source: str) -> None:
        class Handler(_Handler):
            mailbox_url = source

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)

    def start(self) -> None:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def messages(source: str) -> list[dict[str, Any]]:
    """What was sent, the newest first, in one shape for both emulators."""
    with _direct.open(source, timeout=10) as answer:
        found = json.loads(answer.read())["messages"]
    listed = found if isinstance(found, list) else [m for some in found.values() for m in some]
    return [_shown(message) for message in reversed(listed)]


def _shown(message: dict[str, Any]) -> dict[str, Any]:
    """LocalStack keeps a mail as it was sent, ministack what it understood of it."""
    if raw := message.get("RawData"):
        return _read(message_from_string(raw, policy=policy.default)) | {"at": message["Timestamp"]}
    return {
        "to": ", ".join(message["To"]),
        "subject": message.get("Subject") or "",
        "at": message.get("Timestamp"),
        "text": message.get("BodyText") or "",
        "html": message.get("BodyHtml") or "",
    }


def _read(mail: EmailMessage) -> dict[str, Any]:
    text, page = mail.get_body(("plain",)), mail.get_body(("html",))
    return {
        "to": str(mail["To"]),
        "subject": str(mail["Subject"]),
        "text": text.get_content() if text else "",
        "html": page.get_content() if page else "",
    }


class _Handler(BaseHTTPRequestHandler):
    mailbox_url = ""

    def do_GET(self) -> None:
        if self.path == "/messages":
            self._answer("application/json", json.dumps(messages(self.mailbox_url)).encode())
        elif self.path == "/":
            self._answer("text/html; charset=utf-8", PAGE.read_bytes())
        else:
            self.send_error(404)

    def log_message(self, format: str, *args: Any) -> None:
        """Nobody needs to read of each look."""

    def _answer(self, kind: str, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
