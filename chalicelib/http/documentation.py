"""`/api/schema`: the API's own description, as JSON and as two pages for people.

The files lie beside the code and are read when somebody asks; no other request pays for them.
"""

import gzip
import hashlib
from html import escape
from pathlib import Path
from typing import Any

from chalice.app import Blueprint, Response

from chalicelib.access.permissions import Action
from chalicelib.errors import NotFound
from chalicelib.http import gate, responses
from chalicelib.http.responses import HTML, Headers

bp = Blueprint(__name__)

STATIC_DIR = Path(__file__).parent / "static"
SCHEMA = "/api/schema"
MEDIA_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
# Scripts only from here and none inline. Both pages write styles into the document, and ReDoc
# searches in a worker that it makes from a blob.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; worker-src blob:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
SERVER = '"url": "/"'
PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Task Manager API</title>
<link rel="icon" href="data:,">
{head}
</head>
<body>
{body}
</body>
</html>
"""


@gate.route(bp, "GET", SCHEMA, Action.PUBLIC, returns=dict[str, Any])
def get_openapi_document() -> Response:
    """The document; its server is where the request came to, which the stage is part of."""
    server = f'"url": "{_base() or "/"}"'
    text = (STATIC_DIR / "openapi.json").read_text().replace(SERVER, server, 1)
    return _file(text, "application/json", "public, no-cache")


@gate.route(bp, "GET", SCHEMA + "/swagger-ui", Action.PUBLIC, returns=str, media=HTML)
def get_swagger_ui() -> Response:
    """Open Swagger UI."""
    at = escape(_base() + SCHEMA)
    head = f'<link rel="stylesheet" href="{at}/assets/swagger-ui.css">'
    scripts = ("swagger-ui-bundle.js", "swagger-start.js")
    tags = (f'<script src="{at}/assets/{name}"></script>' for name in scripts)
    return _page(head, "\n".join([f'<div id="swagger-ui" data-schema="{at}"></div>', *tags]))


@gate.route(bp, "GET", SCHEMA + "/redoc", Action.PUBLIC, returns=str, media=HTML)
def get_redoc() -> Response:
    """Open Redoc."""
    at = escape(_base() + SCHEMA)
    script = f'<script src="{at}/assets/redoc.standalone.js"></script>'
    return _page("<style>body { margin: 0 }</style>", f'<redoc spec-url="{at}"></redoc>\n{script}')


@gate.route(bp, "GET", SCHEMA + "/assets/{name}", Action.PUBLIC, returns=str, media="text/*")
def get_documentation_asset(name: str) -> Response:
    """A script or a style sheet of the pages."""
    kind, text = MEDIA_TYPES.get(Path(name).suffix), _text(Path(name).name)
    if kind is None or text is None:
        raise NotFound()
    return _file(text, kind, "public, max-age=86400")


def _text(name: str) -> str | None:
    """A file of ours, or one of others, which are kept small: the function's zip is unpacked."""
    ours, others = STATIC_DIR / name, STATIC_DIR / f"{name}.gz"
    if others.is_file():
        return gzip.decompress(others.read_bytes()).decode()
    return ours.read_text() if ours.is_file() else None


def _page(head: str, body: str) -> Response:
    html = PAGE.format(head=head, body=body)
    return _file(
        html, HTML, "public, no-cache", {"Content-Security-Policy": CONTENT_SECURITY_POLICY}
    )


def _file(text: str, kind: str, kept: str, headers: Headers | None = None) -> Response:
    etag = f'"{hashlib.sha256(text.encode()).hexdigest()[:16]}"'
    told: Headers = {"Content-Type": kind, "Cache-Control": kept, "ETag": etag, **(headers or {})}
    return responses.not_modified_or(bp.current_request, Response(text, told, 200))


def _base() -> str:
    """What stands before `/api` in the address: the stage, on API Gateway."""
    path = str(bp.current_request.context.get("path") or "")
    return path.partition("/api/")[0]
