"""Render emails: templates and safe subjects."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from chalicelib.tasks.due_dates import describe_day, describe_due_date

TEMPLATE_DIR = Path(__file__).parent / "templates"
SUBJECT_MAX = 120
# Control, format (bidirectional and zero-width), surrogate and separator characters.
INVISIBLE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


class Email(Struct, frozen=True):
    """An email that can be sent. `unsubscribe` is a URL, `pictures` are PNGs by name."""

    to: str
    subject: str
    text: str
    html: str
    unsubscribe: str | None = None
    pictures: Mapping[str, bytes] = field(default_factory=dict)


def render_email(
    template: str,
    subject: str,
    *,
    to: str,
    link: str,
    unsubscribe: str | None = None,
    pictures: Mapping[str, bytes] | None = None,
    **context: Any,
) -> Email:
    """Return the email that `template` makes of `context`, as text and as HTML.

    `link` is the URL of the button. With an `unsubscribe` URL the footer shows it. The HTML shows
    the `pictures`, PNGs by name, as `cid:<name>`.
    """
    context |= {"link": link, "unsubscribe": unsubscribe}
    footer = "" if unsubscribe is None else render_template("footer.txt", context)
    return Email(
        to=to,
        subject=to_single_line(subject),
        text=render_template(f"{template}.txt", context) + footer,
        html=render_template(f"{template}.html", context),
        unsubscribe=unsubscribe,
        pictures=pictures or {},
    )


def render_template(template: str, context: dict[str, Any]) -> str:
    """Return the text that the template file makes of `context`.

    A template writes the due date of a task as `due_date | due(zone)` and another day as `| day`.
    """
    return str(_load_environment().get_template(template).render(context))


def to_single_line(text: str) -> str:
    """Return `text` fit for a subject: one line without invisible characters, at most 120 long."""
    visible = "".join(
        " " if unicodedata.category(character) in INVISIBLE_CATEGORIES else character
        for character in text
    )
    return re.sub(r"\s+", " ", visible).strip()[:SUBJECT_MAX]


@cache
def _load_environment() -> Any:
    # Imported here because only the dispatcher renders emails; the API starts faster without it.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    environment = Environment(
        loader=FileSystemLoader(TEMPLATE_DIR),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["due"] = describe_due_date
    environment.filters["day"] = lambda text: describe_day(date.fromisoformat(text))
    return environment
