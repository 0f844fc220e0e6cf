"""`/api/unsubscribe`: where the link in a mail leads. No login: the link itself is signed."""

from html import escape

from chalice.app import Blueprint, Response

from chalicelib.access.permissions import Action
from chalicelib.clock import now
from chalicelib.http.gate import route
from chalicelib.http.responses import HTML
from chalicelib.mail import unsubscribe
from chalicelib.mail.schemas import LinkQuery

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


@route(bp, "GET", "/api/unsubscribe", Action.PUBLIC, query=LinkQuery, returns=str, media=HTML)
def get_unsubscribe_page(query: LinkQuery) -> Response:
    """A page with a button. Scanners follow links in mails, so that looking changes nothing."""
    return _page(QUESTION, unsubscribe.parse_unsubscribe_token(query.token).kind)


@route(bp, "POST", "/api/unsubscribe", Action.PUBLIC, query=LinkQuery, returns=str, media=HTML)
def unsubscribe_from_emails(query: LinkQuery) -> Response:
    """The button, and the one click of mail programs (RFC 8058), which send a form."""
    ended = unsubscribe.unsubscribe(query.token, now=now())
    return _page(DONE if ended.is_of_an_address else DONE + AGAIN, ended.kind)


def _page(text: str, kind: str) -> Response:
    body = text.format(kind=escape(kind.replace("_", " ")))
    return Response(PAGE.format(body=body), {"Content-Type": HTML}, 200)
