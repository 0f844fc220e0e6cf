"""The route of Markdown previews: `/api/markdown`."""

from chalice.app import Blueprint, Response

from chalicelib.access.permissions import Action
from chalicelib.access.service import Access
from chalicelib.http.gate import route
from chalicelib.http.responses import json_response
from chalicelib.markdown.schemas import MarkdownText, RenderedText
from chalicelib.markdown.service import render_html

bp = Blueprint(__name__)


@route(bp, "POST", "/api/markdown", Action.READ_TASKS, body=MarkdownText, returns=RenderedText)
def preview_markdown(access: Access, body: MarkdownText) -> Response:
    """Preview Markdown as HTML."""
    return json_response(RenderedText(render_html(body.text)))
