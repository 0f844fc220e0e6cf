"""Every route that changes accounts, members, tokens, webhooks or exports is audited, and only
`create_entry_write` touches an entry."""

import re
from pathlib import Path

from app import app
from chalicelib.audit.actions import ABOUT_USERS, AuditAction
from tests.audit.audited_routes import AUDITED, CONTENT, NOT_AUDITED, SERVICE_ACTIONS

ROOT = Path(__file__).parents[2]
CHANGING_ROUTES = {
    f"{method} {path}": entry.view_function.action
    for path, methods in app.routes.items()
    for method, entry in methods.items()
    if method not in {"GET", "HEAD", "OPTIONS"}
}


def test_a_route_that_changes_something_is_audited_or_named_with_a_reason() -> None:
    named = {*AUDITED, *NOT_AUDITED}
    content = {route for route, action in CHANGING_ROUTES.items() if action in CONTENT}
    assert CHANGING_ROUTES.keys() - named - content == set(), "add it to tests/audit"
    assert named - CHANGING_ROUTES.keys() == set(), "there is no such route"
    assert AUDITED.keys() & NOT_AUDITED.keys() == set()


def test_every_action_has_a_route_or_is_made_by_the_service() -> None:
    of_routes = set().union(*AUDITED.values())
    assert of_routes | SERVICE_ACTIONS == set(AuditAction)
    assert not of_routes & SERVICE_ACTIONS


def test_every_action_is_described() -> None:
    text = (ROOT / "docs" / "api.md").read_text()
    section = text.partition("\n## Audit log\n")[2].partition("\n## ")[0]
    table = "\n".join(line for line in section.splitlines() if line.startswith("| "))
    described = set(re.findall(r"`([a-z_]+\.[a-z_]+)`", table))
    assert described == set(AuditAction)
    assert set(ABOUT_USERS) <= described


def test_no_code_changes_or_deletes_an_entry() -> None:
    """An entry is a `Put` that fails if its key exists; no other write names the model."""
    sources = {path: path.read_text() for path in (ROOT / "chalicelib").rglob("*.py")}
    assert {path.name for path, text in sources.items() if '"AUDIT#' in text} <= {"models.py"}
    models = (ROOT / "chalicelib" / "audit" / "models.py").read_text()
    assert re.findall(r"transactions import (.*)", models) == ["Put"]
    assert models.count("Put(") == 1 and "batch_writes" not in models
    keys = [text for text in sources.values() if "AuditEntry.key(" in text]
    assert len(keys) == 1
