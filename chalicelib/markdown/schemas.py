"""Bodies, queries and responses for texts as HTML."""

from typing import Annotated, Literal

from msgspec import Struct

from chalicelib.http.text_fields import paragraphs

TEXT_MAX = 20_000


class RenderQuery(Struct, forbid_unknown_fields=True):
    """`render=html` adds the text as HTML."""

    render: Literal["html"] | None = None


class MarkdownText(Struct, forbid_unknown_fields=True):
    text: Annotated[str, paragraphs(max_length=TEXT_MAX, required=False)]


class RenderedText(Struct):
    html: str
