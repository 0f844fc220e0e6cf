"""What all mails have in common: templates, links, and subjects that hide nothing."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

TEMPLATE_DIR = Path(__file__).parent / "templates"
SUBJECT_MAX = 120


@dataclass(frozen=True)
class Email:
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
    """The mail that `template` makes of `context`, as text and as HTML; below it the way to get no
    more of the kind, if there is one. The HTML shows `pictures`, PNGs by name, as `cid:<name>`."""
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
    return str(_templates().get_template(template).render(context))


def to_single_line(text: str) -> str:
    """`text` fit for a subject: no control, bidi or zero-width characters, one line, not long."""
    visible = "".join(" " if _is_invisible(character) else character for character in text)
    return re.sub(r"\s+", " ", visible).strip()[:SUBJECT_MAX]


def _is_invisible(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}


@cache
def _templates() -> Any:
    # Imported here: only the dispatcher writes mail, and the API's cold start need not pay.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    return Environment(
        loader=FileSystemLoader(TEMPLATE_DIR),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
