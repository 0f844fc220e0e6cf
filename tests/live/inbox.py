"""Where the local cloud's SES hands its mail on to: a mail server that keeps what it gets."""

import re
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage

END = b".\r\n"


class _Session(socketserver.StreamRequestHandler):
    """As much of SMTP as it takes to be given a mail (RFC 5321)."""

    server: "Inbox"

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                self._take_mail()
            self.wfile.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")
            if verb == b"QUIT":
                return

    def _take_mail(self) -> None:
        self.wfile.write(b"354 go on\r\n")
        lines = iter(self.rfile.readline, END)
        raw = b"".join(re.sub(rb"^\.\.", b".", line) for line in lines)
        self.server.raw.append(raw)
        self.server.mails.append(message_from_bytes(raw, EmailMessage, policy=policy.default))


class Inbox(socketserver.ThreadingTCPServer):
    """`raw` is what came over the wire, `mails` what a mail client reads in it."""

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
        """Those with a subject that begins so."""
        return [m for m in self.mails if m["To"] == address and m["Subject"].startswith(subject)]


@contextmanager
def inbox_open() -> Iterator[Inbox]:
    with Inbox() as inbox:
        threading.Thread(target=inbox.serve_forever, args=(0.05,), daemon=True).start()
        yield inbox
        inbox.shutdown()
