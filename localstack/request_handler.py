"""The request handler of the local API server: `chalice local` with API Gateway's behavior.

Chalice's handler writes a body after HEAD, and leaves methods that it does not know and malformed
requests to `http.server`, which answers them in HTML.
"""

import gzip
import json
import re
from functools import cache
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from chalice.local import ChaliceRequestHandler, LocalGatewayException

from infra.stage import ROOT
from localstack.static_files import StaticFiles

# The limit of API Gateway's request bodies.
MAX_BODY_BYTES = 10 * 1024 * 1024
_GZIP = re.compile(r"(gzip|\*)(;q=(1(\.0*)?|0\.0*[1-9]\d*))?")
_LENGTH = re.compile("[0-9]{1,15}")
_WITHOUT_CONTENT = {204, 304}


class RequestHandler(ChaliceRequestHandler):
    """Handles one connection. `gateway_responses` are those of the template, by type.

    With `client`, paths outside of /api are pages and files of the web client.
    """

    # Otherwise a malformed request line would get a response without status and headers.
    default_request_version = "HTTP/1.1"
    # Headers and body are two packets; with Nagle's algorithm the second one waits 40 ms.
    disable_nagle_algorithm = True

    def __init__(
        self,
        gateway_responses: dict[str, Any],
        *arguments: Any,
        client: StaticFiles | None = None,
        **options: Any,
    ) -> None:
        self._gateway_responses = gateway_responses
        self._client = client
        super().__init__(*arguments, **options)  # handles the requests

    def __getattr__(self, name: str) -> Any:
        """Return the handler of any method: the app answers 405 to those that it does not have.

        `http.server` looks up `do_<METHOD>`.
        """
        if name.startswith("do_"):
            return self._generic_handle
        raise AttributeError(name)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer a request that is not valid HTTP, and close the connection.

        API Gateway's answer to such requests is 400, except for a body that is too large.
        """
        self.log_error("code %d, message %s", code, message)
        self.close_connection = True
        kind = "REQUEST_TOO_LARGE" if code == 413 else "DEFAULT_4XX"
        self._send_gateway_response(kind, message or "The request cannot be read.")

    def _generic_handle(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers:
            self.send_error(411, "This server reads no chunked bodies; send a Content-Length.")
        elif not _LENGTH.fullmatch(length):
            self.send_error(400, "Content-Length must be a number of bytes.")
        elif int(length) > MAX_BODY_BYTES:
            self.send_error(413, "The request body is too large.")
        elif self._client and self.command in {"GET", "HEAD"} and not self._is_api_path():
            self._send_client_file(self._client)
        else:
            try:
                super()._generic_handle()
            except UnicodeEncodeError:  # chalice quotes the Authorization header of unknown paths
                self._send_gateway_response("MISSING_AUTHENTICATION_TOKEN")

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _generic_handle

    def _is_api_path(self) -> bool:
        path: str = urlsplit(self.path).path
        return path == "/api" or path.startswith("/api/")

    def _send_client_file(self, client: StaticFiles) -> None:
        file = client.find(urlsplit(self.path).path)
        if file is None:
            self._send_gateway_response("MISSING_AUTHENTICATION_TOKEN")
        else:
            self._send_http_response(200, file.headers, file.content)

    def _send_error_response(self, error: LocalGatewayException) -> None:
        """Answer a request for an unknown path, as API Gateway does."""
        self._send_gateway_response("MISSING_AUTHENTICATION_TOKEN")

    def _send_gateway_response(self, kind: str, message: str = "") -> None:
        response = self._gateway_responses[kind]
        request_id = str(uuid4())
        headers = {
            name: request_id if text == "context.requestId" else text.strip("'")
            for name, text in response["ResponseParameters"]["Headers"].items()
        }
        if self.close_connection:
            headers["Connection"] = "close"
        body = response["ResponseTemplates"]["application/json"]
        body = body.replace("$context.requestId", request_id)
        body = body.replace("$context.error.messageString", json.dumps(message))
        self._send_http_response(response["StatusCode"], headers, body)

    def _send_http_response(
        self, code: int, headers: dict[str, Any], body: str | bytes | None
    ) -> None:
        content = body if isinstance(body, bytes) else (body or "").encode()
        headers = {"Content-Type": "application/json", **headers}
        if self._accepts_gzip() and len(content) >= read_minimum_compression_size():
            content = gzip.compress(content, compresslevel=6, mtime=0)
            headers["Content-Encoding"] = "gzip"
        if code not in _WITHOUT_CONTENT:
            headers["Content-Length"] = str(len(content))
        self.send_response(code)
        self._send_headers(headers)
        if self.command != "HEAD":
            self.wfile.write(content)

    def _accepts_gzip(self) -> bool:
        accepted = getattr(self, "headers", {}).get("Accept-Encoding", "")
        encodings = [encoding.replace(" ", "") for encoding in accepted.lower().split(",")]
        return any(_GZIP.fullmatch(encoding) for encoding in encodings)


@cache
def read_minimum_compression_size() -> int:
    """Return the bytes from which on API Gateway compresses a body."""
    config = json.loads((ROOT / ".chalice" / "config.json").read_text())
    return int(config["minimum_compression_size"])
