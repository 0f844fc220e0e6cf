"""`/api/unsubscribe`: where the link in a mail leads. No login: the link itself is signed."""

from html import escape

from chalice.app import Blueprint, Response
from msgspec import Struct

from chalicelib.api.answers import HTML
from chalicelib.api.fields import Token
from chalicelib.api.gate import route
from chalicelib.clock import now
from chalicelib.domain import unsubscribing
from chalicelib.domain.access import Action

bp = Blueprint(__name__)

PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Mails</title></head>
<body>{body}</body>
</html>
"""
QUESTION = '<p>No more mails "{kind}"?</p><form method="post"><button>Unsubscribe</button></form>'
DONE = '<p>You get no more mails "{kind}".</p>'
AGAIN = "<p>Your profile switches them on again.</p>"


class LinkQuery(Struct, forbid_unknown_fields=True):
    token: Token


@route(bp, "GET", "/api/unsubscribe", Action.ENTER, query=LinkQuery, gives=str, media=HTML)
def ask(query: LinkQuery) -> Response:
    """A page with a button. Scanners follow links in mails, so that looking changes nothing."""
    return _page(QUESTION, unsubscribing.opened(query.token).kind)


@route(bp, "POST", "/api/unsubscribe", Action.ENTER, query=LinkQuery, gives=str, media=HTML)
def confirm(query: LinkQuery) -> Response:
    """The button, and the one click of mail programs (RFC 8058), which send a form."""
    ended = unsubscribing.unsubscribe(query.token, now=now())
    return _page(DONE if ended.is_of_an_address else DONE + AGAIN, ended.kind)


def _page(text: str, kind: str) -> Response:
    body = text.format(kind=escape(kind.replace("_", " ")))
    return Response(PAGE.format(body=body), {"Content-Type": HTML}, 200)
