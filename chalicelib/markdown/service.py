"""Render Markdown: CommonMark with tables, strikethrough and task lists.

The libraries are compiled and take milliseconds for the longest text. They are imported when the
first text is rendered.
"""

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from chalicelib.dynamodb.ids import is_id

if TYPE_CHECKING:
    import nh3
    import pyromark

# The sanitizer needs quadratic time for deep nesting, and browsers show no more levels than this.
DEPTH_MAX = 100
# A table of few characters can have a hundred thousand cells. HTML of at most this length, or this
# many times as long as the UTF-8 of its text, keeps a page of 100 comments below Lambda's 6 MB.
HTML_MAX = 20_000
GROWTH_MAX = 4
# Escaping one piece of HTML can expose another piece behind it.
ESCAPE_PASSES_MAX = 4
ATTACHMENT = "attachment:"
TAGS = {
    *("a", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr"),
    *("img", "input", "li", "ol", "p", "pre", "strong", "table", "tbody", "td", "th", "thead"),
    *("tr", "ul"),
}
ATTRIBUTES = {
    "a": {"href", "title"},
    "code": {"class"},
    "img": {"alt", "src", "title"},
    "input": {"checked", "disabled"},
    "ol": {"start"},
    "td": {"style"},
    "th": {"style"},
}
# These patterns are safe because pyromark escapes `>` and `"` in attribute values.
_TAG = re.compile("<(?P<slash>/?)[a-z][^>]*>")
_IMAGE = re.compile('<img src="(?P<src>[^"]*)" alt="(?P<alt>[^"]*)"[^>]*>')
_LANGUAGE = re.compile(r"language-[\w+#.-]+")
_ALIGNMENT = re.compile("text-align: (left|center|right)")


def render_html(text: str) -> str:
    """Return the Markdown `text` as HTML that is safe to insert into a page.

    Raw HTML in the text is shown as text. Links lead to web and mail addresses only. Of the images
    those remain whose source is `attachment:<id>`; all others become links. A text that is nested
    too deep or expands too much becomes one `pre` element.
    """
    rendered = _render_without_raw_html(text)
    if rendered is None or _find_depth(rendered) > DEPTH_MAX:
        import html

        return f"<pre>{html.escape(text, quote=False)}</pre>\n"
    return _get_sanitizer().clean(_IMAGE.sub(_replace_image, rendered))


def remove_code(text: str) -> str:
    """Return the Markdown `text` with a space in place of each code span and code block."""
    ranges = [
        (start, end)
        for event, start, end in _list_events(text)
        if "Code" in event or "CodeBlock" in event.get("Start", ())
    ]
    return _replace_ranges(text, ranges, lambda code: b" ")


def _render_without_raw_html(text: str) -> str | None:
    """Return `text` rendered with its raw HTML escaped.

    Returns None if the result is too large, or if there still is raw HTML after a few passes.
    """
    length_max = max(HTML_MAX, GROWTH_MAX * len(text.encode()))
    for _ in range(ESCAPE_PASSES_MAX):
        rendered = _get_parser().html(text)
        if len(rendered) > length_max:
            return None
        ranges = [
            (start, end)
            for event, start, end in (_list_events(text) if "<" in text else ())
            if "Html" in event or "InlineHtml" in event
        ]
        if not ranges:
            return rendered
        text = _replace_ranges(text, ranges, lambda raw: raw.replace(b"<", b"&lt;"))
    return None


def _list_events(text: str) -> Iterator[tuple[Any, int, int]]:
    """Yield each event of the parser with the range of UTF-8 bytes that it stands for.

    An event is a dict such as `{"Code": "x"}`, or the name of an event without a value.
    """
    for event, span in _get_parser().events_with_range(text):
        yield ({event: None} if isinstance(event, str) else event), span["start"], span["end"]


def _replace_ranges(
    text: str, ranges: list[tuple[int, int]], replace: Callable[[bytes], bytes]
) -> str:
    """Return `text` with the bytes of each range replaced. The ranges are in order and disjoint."""
    source, pieces, position = text.encode(), [], 0
    for start, end in ranges:
        pieces += [source[position:start], replace(source[start:end])]
        position = end
    return b"".join((*pieces, source[position:])).decode()


def _find_depth(rendered: str) -> int:
    """Return how many elements are nested in one another at the deepest place."""
    depth = deepest = 0
    for tag in _TAG.finditer(rendered):
        if tag["slash"]:
            depth -= 1
        elif not tag[0].endswith("/>"):
            depth += 1
            deepest = max(deepest, depth)
    return deepest


def _replace_image(image: re.Match[str]) -> str:
    """Return the image if it is an attachment, otherwise a link to it."""
    if _is_attachment(image["src"]):
        return image[0]
    return f'<a href="{image["src"]}">{image["alt"] or image["src"]}</a>'


def _is_attachment(url: str) -> bool:
    return url.startswith(ATTACHMENT) and is_id(url.removeprefix(ATTACHMENT))


def _filter_attribute(tag: str, name: str, value: str) -> str | None:
    """Return the value of an allowed attribute, or None to remove it."""
    is_allowed = True
    if name == "src":
        is_allowed = _is_attachment(value)
    elif name == "href":
        is_allowed = not value.lower().startswith(ATTACHMENT)
    elif name == "class":
        is_allowed = _LANGUAGE.fullmatch(value) is not None
    elif name == "style":
        is_allowed = _ALIGNMENT.fullmatch(value) is not None
    return value if is_allowed else None


@cache
def _get_parser() -> "pyromark.Markdown":
    from pyromark import Markdown, Options

    return Markdown(
        options=Options.ENABLE_TABLES | Options.ENABLE_STRIKETHROUGH | Options.ENABLE_TASKLISTS
    )


@cache
def _get_sanitizer() -> "nh3.Cleaner":
    from nh3 import Cleaner

    return Cleaner(
        tags=TAGS,
        attributes=ATTRIBUTES,
        tag_attribute_values={"input": {"type": {"checkbox"}}},
        attribute_filter=_filter_attribute,
        url_schemes={"http", "https", "mailto", ATTACHMENT.rstrip(":")},
        url_relative="deny",
        link_rel="nofollow noopener",
    )
