"""Routes of `/api/unsubscribe`, the target of the link in an email, whose signature replaces a
login, and of the mail ledger for site staff."""

from functools import partial
from html import escape

from chalice.app import Blueprint, Response

from chalicelib.access.permissions import Action
from chalicelib.access.service import Access
from chalicelib.clock import now
from chalicelib.http.fields import Page
from chalicelib.http.gate import route
from chalicelib.http.pagination import page_response
from chalicelib.http.responses import HTML
from chalicelib.mail import ledger, schemas, unsubscribe
from chalicelib.mail.schemas import LedgerMail, LedgerQuery, LinkQuery

bp = Blueprint(__name__)

PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Emails</title></head>
<body>{body}</body>
</html>
"""
QUESTION = '<p>Stop "{kind}" emails?</p><form method="post"><button>Unsubscribe</button></form>'
DONE = '<p>You will get no more "{kind}" emails.</p>'
AGAIN = "<p>You can switch them on again in your profile.</p>"


@route(bp, "GET", "/api/unsubscribe", Action.PUBLIC, query=LinkQuery, returns=str, media=HTML)
def get_unsubscribe_page(query: LinkQuery) -> Response:
    """Show the unsubscribe page."""
    # Mail scanners follow links, so opening the page changes nothing.
    return _page(QUESTION, unsubscribe.parse_unsubscribe_token(query.token).kind)


@route(bp, "POST", "/api/unsubscribe", Action.PUBLIC, query=LinkQuery, returns=str, media=HTML)
def unsubscribe_from_emails(query: LinkQuery) -> Response:
    """Unsubscribe from a kind of email."""
    # Mail programs send a form (RFC 8058); the token in the query says everything.
    subscription = unsubscribe.unsubscribe(query.token, now=now())
    text = DONE if subscription.is_for_address else DONE + AGAIN
    return _page(text, subscription.kind)


@route(
    bp,
    "GET",
    "/api/admin/mails",
    Action.MONITOR_SERVICE,
    query=LedgerQuery,
    returns=Page[LedgerMail],
)
def list_mails(access: Access, query: LedgerQuery) -> Response:
    """List the mails of the service."""
    find = partial(ledger.list_mails, query.state, now=access.now)
    return page_response(access, query, f"mails {query.state}", find, schemas.present_ledger_entry)


def _page(text: str, kind: str) -> Response:
    body = text.format(kind=escape(kind.replace("_", " ")))
    return Response(PAGE.format(body=body), {"Content-Type": HTML}, 200)
