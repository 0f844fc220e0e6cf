"""`/api/schema`: the OpenAPI document and two pages that show it.

The files are read when a request asks for them, so other requests do not pay for them.
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
from chalicelib.http.responses import HTML, JSON, Headers

bp = Blueprint(__name__)

STATIC_DIR = Path(__file__).parent / "static"
SCHEMA = "/api/schema"
MEDIA_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
# Scripts come only from this origin; inline scripts are blocked. Both pages insert style elements,
# and Redoc searches in a worker that it creates from a blob.
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
    """Get the OpenAPI document."""
    # The server in the document is the address of the request. On API Gateway this includes the
    # stage.
    server = f'"url": "{_base_path() or "/"}"'
    text = (STATIC_DIR / "openapi.json").read_text().replace(SERVER, server, 1)
    return _static_response(text, JSON, "public, no-cache")


@gate.route(bp, "GET", SCHEMA + "/swagger-ui", Action.PUBLIC, returns=str, media=HTML)
def get_swagger_ui() -> Response:
    """Open Swagger UI."""
    schema = escape(_base_path() + SCHEMA)
    scripts = "\n".join(
        f'<script src="{schema}/assets/{name}"></script>'
        for name in ("swagger-ui-bundle.js", "swagger-start.js")
    )
    return _page_response(
        head=f'<link rel="stylesheet" href="{schema}/assets/swagger-ui.css">',
        body=f'<div id="swagger-ui" data-schema="{schema}"></div>\n{scripts}',
    )


@gate.route(bp, "GET", SCHEMA + "/redoc", Action.PUBLIC, returns=str, media=HTML)
def get_redoc() -> Response:
    """Open Redoc."""
    schema = escape(_base_path() + SCHEMA)
    script = f'<script src="{schema}/assets/redoc.standalone.js"></script>'
    return _page_response(
        head="<style>body { margin: 0 }</style>",
        body=f'<redoc spec-url="{schema}"></redoc>\n{script}',
    )


@gate.route(bp, "GET", SCHEMA + "/assets/{name}", Action.PUBLIC, returns=str, media="text/*")
def get_documentation_asset(name: str) -> Response:
    """Get a script or a style sheet of the documentation pages."""
    path = STATIC_DIR / Path(name).name
    # Third-party files are stored compressed to keep the function's package small.
    compressed = path.with_name(f"{path.name}.gz")
    media_type = MEDIA_TYPES.get(path.suffix)
    if media_type is None or not (compressed.is_file() or path.is_file()):
        raise NotFound()
    if compressed.is_file():
        text = gzip.decompress(compressed.read_bytes()).decode()
    else:
        text = path.read_text()
    return _static_response(text, media_type, "public, max-age=86400")


def _page_response(*, head: str, body: str) -> Response:
    html = PAGE.format(head=head, body=body)
    policy: Headers = {"Content-Security-Policy": CONTENT_SECURITY_POLICY}
    return _static_response(html, HTML, "public, no-cache", policy)


def _static_response(
    text: str, media_type: str, cache_control: str, extra: Headers | None = None
) -> Response:
    etag = f'"{hashlib.sha256(text.encode()).hexdigest()[:16]}"'
    headers: Headers = {"Content-Type": media_type, "Cache-Control": cache_control, "ETag": etag}
    response = Response(text, {**headers, **(extra or {})}, 200)
    return responses.apply_if_none_match(bp.current_request, response)


def _base_path() -> str:
    """Return the part of the request's path before `/api`: the stage on API Gateway, else ""."""
    path = str(bp.current_request.context.get("path") or "")
    return path.partition("/api/")[0]
