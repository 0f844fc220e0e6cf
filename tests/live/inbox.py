"""An SMTP server that keeps the emails which the SES of the local cloud relays to it."""

import re
import socketserver
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage

from tests.threaded_server import run_in_thread

END = b".\r\n"


class _Session(socketserver.StreamRequestHandler):
    """An SMTP session with the commands that it takes to receive an email (RFC 5321)."""

    server: "Inbox"

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                self._receive_mail()
            self.wfile.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")
            if verb == b"QUIT":
                return

    def _receive_mail(self) -> None:
        self.wfile.write(b"354 go on\r\n")
        lines = iter(self.rfile.readline, END)
        raw = b"".join(re.sub(rb"^\.\.", b".", line) for line in lines)
        self.server.raw.append(raw)
        self.server.mails.append(message_from_bytes(raw, EmailMessage, policy=policy.default))


class Inbox(socketserver.ThreadingTCPServer):
    """The server. `raw` are the emails as received, `mails` the same emails parsed."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.raw: list[bytes] = []
        self.mails: list[EmailMessage] = []

    @property
    def address(self) -> str:
        host, port = self.server_address[:2]
        return f"{host!s}:{port}"

    def mails_to(self, address: str, subject: str) -> list[EmailMessage]:
        """Return the emails to an address whose subject begins with `subject`."""
        return [m for m in self.mails if m["To"] == address and m["Subject"].startswith(subject)]


@contextmanager
def run_inbox() -> Iterator[Inbox]:
    """Run the server for the block."""
    with run_in_thread(Inbox()) as inbox:
        yield inbox
