"""A receiver of webhooks: it verifies each request and prints new events.

    python docs/examples/webhook_receiver.py 9000 whsec_...

It needs nothing but Python. Behind a real address, let a proxy with TLS pass requests on to it.
"""

import base64
import hashlib
import hmac
import json
import sys
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOLERANCE_SECONDS = 5 * 60


def verify(secret: str, headers: Mapping[str, str], body: bytes, now: float) -> None:
    """Raise ValueError unless `body` was signed with `secret` within the last five minutes.

    `body` must be the bytes as they came: parse them afterwards.
    """
    timestamp = headers["webhook-timestamp"]
    if abs(now - int(timestamp)) > TOLERANCE_SECONDS:
        raise ValueError("the request is too old, perhaps sent again by somebody else")
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = b".".join([headers["webhook-id"].encode(), timestamp.encode(), body])
    digest = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    # After a rotation of the secret there are two signatures, for the new and for the old one.
    sent = headers["webhook-signature"].split(" ")
    if not any(hmac.compare_digest(f"v1,{digest}", each) for each in sent):
        raise ValueError("the signature is wrong")


def main() -> None:
    port, secret = int(sys.argv[1]), sys.argv[2]
    # An event can come twice. A real receiver keeps the ids in its database for a few days.
    seen: set[str] = set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            try:
                verify(secret, self.headers, body, time.time())
            except (KeyError, ValueError) as fault:
                self.send_error(400, str(fault))
                return
            # Answer within five seconds; do what takes longer afterwards.
            self.send_response(204)
            self.end_headers()
            event_id = str(self.headers["webhook-id"])
            if event_id not in seen:
                seen.add(event_id)
                handle(json.loads(body))

        def log_message(self, *_: Any) -> None:
            """Log nothing but the events."""

    ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()


def handle(event: dict[str, Any]) -> None:
    """Do something with an event; here, print it."""
    print(event["timestamp"], event["type"], event["data"], flush=True)


if __name__ == "__main__":
    main()
