"""Mails: one function each, returning the filled template."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from chalicelib import settings
from chalicelib.store.projects import Project
from chalicelib.store.tasks import Task
from chalicelib.store.users import User

TEMPLATES = Path(__file__).parents[1] / "mail_templates"
SUBJECT_MAX = 120


@dataclass(frozen=True)
class Letter:
    to: str
    subject: str
    text: str
    html: str


def assigned_letter(task: Task, project: Project, to: User, actor: User | None) -> Letter:
    """Somebody assigned a task to you."""
    who = actor.username if actor else "Somebody"
    subject = f"Assigned to you: {task.title}"
    return _letter("assigned", subject, to, task=task, project=project, who=who)


def due_soon_letter(task: Task, project: Project, to: User) -> Letter:
    """A task of yours is due within a day."""
    return _letter("due_soon", f"Due soon: {task.title}", to, task=task, project=project)


def _letter(template: str, subject: str, to: User, *, task: Task, **context: Any) -> Letter:
    link = f"{settings.APP_URL}/tasks/{task.id}"
    context |= {"recipient": to, "task": task, "link": link}
    return Letter(
        to=to.email,
        subject=one_line(subject),
        text=_templates().get_template(f"{template}.txt").render(context),
        html=_templates().get_template(f"{template}.html").render(context),
    )


def one_line(text: str) -> str:
    """`text` fit for a subject: no control, bidi or zero-width characters, one line, not long."""
    visible = "".join(" " if _hides(character) else character for character in text)
    return re.sub(r"\s+", " ", visible).strip()[:SUBJECT_MAX]


def _hides(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}


@cache
def _templates() -> Any:
    # Imported here: only the dispatcher writes mail, and the API's cold start need not pay.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
