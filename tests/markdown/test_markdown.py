"""Markdown as HTML: what is rendered, and that nothing unsafe is."""

import time
from html.parser import HTMLParser

import pytest

from chalicelib.markdown.service import (
    ATTRIBUTES,
    DEPTH_MAX,
    TAGS,
    remove_code,
    render_html,
)
from tests.support import Api, Person

FILE = "01m81fwkz2f3v7c9qe0xj4n5td"
VOID_TAGS = {"br", "hr", "img", "input"}


class Elements(HTMLParser):
    """The elements of an HTML text as a browser reads them, and the depth of their nesting."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.depth = self.deepest = 0
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in VOID_TAGS:
            self.depth += 1
            self.deepest = max(self.depth, self.deepest)

    def handle_endtag(self, tag: str) -> None:
        self.depth -= 1

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment passes: {data}")

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(f"a declaration passes: {decl}")


def _assert_is_safe(html: str) -> None:
    for tag, attributes in Elements(html).found:
        assert tag in TAGS, html
        assert attributes.keys() <= {*ATTRIBUTES.get(tag, ()), "rel", "type"}, html
        if tag == "a":
            assert attributes["rel"] == "nofollow noopener"
            href = attributes.get("href") or "https:"
            assert href.startswith(("http:", "https:", "mailto:")), html
        if tag == "img":
            assert attributes["src"] == f"attachment:{FILE}"
        if tag == "input":
            assert attributes["type"] == "checkbox" and "disabled" in attributes
        if "style" in attributes:
            assert attributes["style"] in {
                f"text-align: {side}" for side in ("left", "center", "right")
            }
        if "class" in attributes:
            assert str(attributes["class"]).startswith("language-")


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("", ""),
        (
            "**a** *b* ~~c~~ `d`",
            "<p><strong>a</strong> <em>b</em> <del>c</del> <code>d</code></p>\n",
        ),
        ("# Plan", "<h1>Plan</h1>\n"),
        ("3. a\n4. b", '<ol start="3">\n<li>a</li>\n<li>b</li>\n</ol>\n'),
        ("```python\na < b\n```", '<pre><code class="language-python">a &lt; b\n</code></pre>\n'),
        (
            "[a](https://b.example)",
            '<p><a href="https://b.example" rel="nofollow noopener">a</a></p>\n',
        ),
        (
            "<jo@b.example>",
            '<p><a href="mailto:jo@b.example" rel="nofollow noopener">jo@b.example</a></p>\n',
        ),
        (
            f"![plan](attachment:{FILE})",
            f'<p><img src="attachment:{FILE}" alt="plan"></p>\n',
        ),
    ],
)
def test_common_markdown_is_rendered(text: str, html: str) -> None:
    assert render_html(text) == html


def test_task_lists_and_tables_are_rendered() -> None:
    found = Elements(render_html("- [x] a\n- [ ] b\n\n|c|\n|:-:|\n|d|\n")).found
    assert [attributes for tag, attributes in found if tag == "input"] == [
        {"disabled": "", "type": "checkbox", "checked": ""},
        {"disabled": "", "type": "checkbox"},
    ]
    assert ("td", {"style": "text-align: center"}) in found


def test_raw_html_is_shown_as_text() -> None:
    assert render_html("List<String> <b>x</b>") == (
        "<p>List&lt;String&gt; &lt;b&gt;x&lt;/b&gt;</p>\n"
    )
    assert render_html("<div>\n*a*\n</div>") == "<p>&lt;div&gt;\n<em>a</em>\n&lt;/div&gt;</p>\n"


def test_an_image_from_elsewhere_becomes_a_link() -> None:
    link = '<a href="https://x.example/p.png" rel="nofollow noopener">{}</a>'
    assert link.format("plan") in render_html("![plan](https://x.example/p.png)")
    assert link.format("https://x.example/p.png") in render_html("![](https://x.example/p.png)")


@pytest.mark.parametrize(
    "text",
    [
        "[a](javascript:alert(1))",
        "[a](JaVaScRiPt:alert(1))",
        "[a](&#106;avascript:alert(1))",
        "[a](java&Tab;script:alert(1))",
        "[a](<java\tscript:alert(1)>)",
        "[a](&#x01;javascript:alert(1))",
        "[a]( javascript:alert(1) )",
        "[a](vbscript:msgbox(1))",
        "[a](data:text/html;base64,PHNjcmlwdD4=)",
        "[a](file:///etc/passwd)",
        "[a](//evil.example)",
        "[a](/api/auth/logout)",
        f"[a](attachment:{FILE})",
        "[a]: javascript:alert(1)\n\n[a]",
        "<javascript:alert(1)>",
        '[a](https://x.example "&quot; onmouseover=alert(1) x=&quot;")',
        '[a](https://x.example/"onmouseover="alert(1))',
        "![a](javascript:alert(1))",
        "![a](data:image/svg+xml;base64,PHN2Zz4=)",
        "![a](https://x.example/p.png)",
        "![a](attachment:../../secret)",
        f"![a](attachment:{FILE}?x)",
        '![a" onerror="alert(1)](attachment:' + FILE + ")",
        f'![a](attachment:{FILE} "\' onload=alert(1)")',
        '![<img src=x onerror=alert(1)>](https://x.example/"><script>alert(1)</script>)',
        "[![a](javascript:alert(1))](javascript:alert(2))",
        "<script>alert(1)</script>",
        "<SCRIPT SRC=//evil.example></SCRIPT>",
        "<img src=x onerror=alert(1)>",
        "<svg onload=alert(1)><a xlink:href='javascript:alert(1)'>x</a></svg>",
        "<math><mtext><style><img src onerror=alert(1)></style></mtext></math>",
        "<style>*{display:none}</style>",
        "<p style='position:fixed'>x</p>",
        "<a href='https://x.example' onclick='alert(1)'>x</a>",
        "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
        "<form action=https://evil.example><input name=password></form>",
        "<input type=text autofocus onfocus=alert(1)>",
        "<meta http-equiv=refresh content='0;url=https://evil.example'>",
        "<!-- <script>alert(1)</script> -->",
        "<!DOCTYPE html><?php echo 1 ?><![CDATA[<script>alert(1)</script>]]>",
        "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
        "`<script>`</script><script>alert(1)</script>",
        "<div>\n```\n\n```\n<script>alert(1)</script>\n```",
        "```<script>\nx\n```",
        '```x" onmouseover="alert(1)\nx\n```',
        "```modal fullscreen\nx\n```",
        "|<script>|\n|-|\n|<img src=x onerror=alert(1)>|",
        "- [x] <input type=image src=x onerror=alert(1)>",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "\\<script>alert(1)</script>",
        "<<script>script>alert(1)<</script>/script>",
        "<a\nhref='javascript:alert(1)'>x</a>",
    ],
)
def test_nothing_unsafe_passes(text: str) -> None:
    _assert_is_safe(render_html(text))
    _assert_is_safe(render_html(f"> 1. **{text}**\n\n{text}"))


def _fill(text: str) -> str:
    return (text * (20_000 // len(text) + 1))[:20_000]


LONG_TEXTS = {
    "brackets": "[" * 20_000,
    "nested brackets": "[" * 10_000 + "]" * 10_000,
    "open links": _fill("[a](b"),
    "open images": _fill("![["),
    "backticks": " ".join("`" * count for count in range(1, 200)),
    "emphasis": _fill("*a **b _c "),
    "nested emphasis": "*a **b " * 1_000 + "c** d* " * 1_000,
    "quotes": ">" * 20_000,
    "quotes in lists": _fill("> - "),
    "numbered lists": _fill("1. "),
    "nested lists": "\n".join(" " * 2 * depth + "- a" for depth in range(130)),
    "long table": "|a|b|\n|-|-|\n" + _fill("|x\n"),
    "wide table": "|" + "a|" * 1_000 + "\n|" + "-|" * 1_000 + "\n" + "|x\n" * 5_000,
    "wide table of HTML": "|" + "<b>|" * 400 + "\n|" + "-|" * 400 + "\n" + "|<b>\n" * 3_000,
    "open tags": _fill("<a "),
    "HTML blocks": _fill("<div>\n```\n\n```\n<b>\n"),
    "comments": _fill("<!--"),
    "references": "".join(f"[a{n}]: u\n" for n in range(1_500)) + "[a1]" * 500,
    "entities": _fill("&a"),
}


@pytest.mark.parametrize("text", LONG_TEXTS.values(), ids=list(LONG_TEXTS))
def test_the_longest_texts_are_rendered_quickly_to_bounded_html(text: str) -> None:
    render_html("warm **up**")
    started = time.process_time()
    html = render_html(text[:20_000])
    assert time.process_time() - started < 0.5
    # Each `&` of a text that is shown as it is becomes five characters.
    assert len(html) <= 5 * 20_000 + len("<pre></pre>\n") and Elements(html).deepest <= DEPTH_MAX
    _assert_is_safe(html)


def test_a_small_table_may_grow_and_a_large_one_is_shown_as_it_is() -> None:
    table = "|a|b|\n|-|-|\n" + "|x\n" * 500
    assert len(render_html(table)) > 9 * len(table)
    assert render_html(table * 5).startswith("<pre>|a|b|")


def test_a_text_that_is_nested_too_deep_is_shown_as_it_is() -> None:
    assert render_html(">" * 101 + " <b>") == f"<pre>{'&gt;' * 101} &lt;b&gt;</pre>\n"


@pytest.mark.parametrize(
    ("text", "without_code"),
    [
        ("a `b` c", "a   c"),
        ("ä ``b`c`` d", "ä   d"),
        ("a\n\n```\nb\n```\n\nc", "a\n\n \n\nc"),
        ("a\n\n    b\n\nc `d", "a\n\n     \nc `d"),
    ],
)
def test_code_is_removed_from_a_text(text: str, without_code: str) -> None:
    assert remove_code(text) == without_code


# --- through the API ------------------------------------------------------------------------------


def test_a_preview_is_rendered_for_everyone_who_is_logged_in(ann: Person) -> None:
    answer = ann.post("/api/markdown", {"text": "**a** <b>"})
    assert answer.json_body == {"html": "<p><strong>a</strong> &lt;b&gt;</p>\n"}
    assert Api(ann.client).post("/api/markdown", {"text": "a"}).status_code == 401


def test_a_preview_has_at_most_20_000_characters(ann: Person) -> None:
    assert ann.post("/api/markdown", {"text": "a" * 20_000}).status_code == 200
    answer = ann.post("/api/markdown", {"text": "a" * 20_001})
    assert answer.status_code == 422
    assert [error["location"] for error in answer.json_body["errors"]] == ["text"]


def test_a_task_has_its_description_as_html_on_request(ann: Person) -> None:
    task = ann.create_task(ann.create_project(), description="*soon*")
    path = f"/api/tasks/{task['id']}"
    answer = ann.get(f"{path}?render=html")
    assert answer.json_body == task | {"description_html": "<p><em>soon</em></p>\n"}
    changed = ann.patch(f"{path}?render=html", {"description": "`now`"}).json_body
    assert (changed["description"], changed["description_html"]) == (
        "`now`",
        "<p><code>now</code></p>\n",
    )
    assert "description_html" not in ann.get(path).json_body


def test_only_html_can_be_rendered(ann: Person) -> None:
    path = f"/api/tasks/{ann.create_task(ann.create_project())['id']}"
    answer = ann.get(f"{path}?render=pdf")
    assert answer.status_code == 400
    assert [error["location"] for error in answer.json_body["errors"]] == ["render"]


def test_the_html_has_another_etag_that_allows_a_change_too(ann: Person) -> None:
    path = f"/api/tasks/{ann.create_task(ann.create_project(), description='a')['id']}"
    plain, rendered = (ann.get(path + query).headers["etag"] for query in ("", "?render=html"))
    assert plain != rendered
    for known, query, status in (
        (plain, "", 304),
        (rendered, "", 200),
        (plain, "?render=html", 200),
        (rendered, "?render=html", 304),
    ):
        assert ann.get(path + query, headers={"If-None-Match": known}).status_code == status
    assert ann.patch(path, {"title": "b"}, headers={"If-Match": rendered}).status_code == 200
    assert ann.patch(path, {"title": "c"}, headers={"If-Match": rendered}).status_code == 412


def test_comments_have_their_text_as_html_on_request(ann: Person) -> None:
    path = f"/api/tasks/{ann.create_task(ann.create_project())['id']}/comments"
    created = ann.post(f"{path}?render=html", {"body": "**a**"}).json_body
    assert created["html"] == "<p><strong>a</strong></p>\n"
    comment = f"{path}/{created['id']}"
    assert ann.get(f"{path}?render=html").json_body["items"] == [created]
    assert ann.get(f"{comment}?render=html").json_body == created
    assert "html" not in ann.get(comment).json_body
    assert ann.patch(f"{comment}?render=html", {"body": "b"}).json_body["html"] == "<p>b</p>\n"


def test_the_cursor_of_a_list_of_comments_is_valid_with_and_without_html(ann: Person) -> None:
    path = f"/api/tasks/{ann.create_task(ann.create_project())['id']}/comments"
    for body in "ab":
        ann.post(path, {"body": body})
    cursor = ann.get(f"{path}?limit=1").json_body["next_cursor"]
    (comment,) = ann.get(f"{path}?limit=1&render=html&cursor={cursor}").json_body["items"]
    assert comment["html"] == "<p>b</p>\n"
