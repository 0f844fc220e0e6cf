"""Text search in the titles and descriptions of tasks."""

import unicodedata
from urllib.parse import quote

import pytest

from chalicelib.task_lists.models import find_task_ids_by_prefix, replace_search_terms
from chalicelib.task_lists.search import MAX_MATCHES
from tests.support import Person, error_locations
from tests.table_stream import TaskStream


@pytest.fixture
def project(ann: Person, stream: TaskStream) -> str:
    return ann.create_project()


def _found(person: Person, text: str, parameters: str = "ordering=created_at") -> list[str]:
    answer = person.get(f"/api/tasks?q={text}&{parameters}")
    assert answer.status_code == 200, answer.json_body
    return [task["title"] for task in answer.json_body["items"]]


def test_tasks_are_found_by_the_beginnings_of_words_of_title_and_description(
    ann: Person, project: str, stream: TaskStream
) -> None:
    ann.create_task(project, "Deploy the API")
    ann.create_task(project, "Plan", description="Before the deployment, ask Zoë.")
    ann.create_task(project, "Redeploy")
    stream.deliver_new()
    assert _found(ann, "deploy") == ["Deploy the API", "Plan"]
    assert _found(ann, "DEPLOYM") == ["Plan"]
    assert _found(ann, "ZOE%20dep") == ["Plan"]
    assert _found(ann, "deploy%20nothing") == []
    assert _found(ann, "the", f"project={project}&ordering=-created_at") == [
        "Plan",
        "Deploy the API",
    ]


def test_a_search_can_be_combined_with_filters_orderings_and_pages(
    ann: Person, project: str, stream: TaskStream
) -> None:
    for priority in ("low", "high", "medium"):
        ann.create_task(project, f"report {priority}", priority=priority)
    ann.create_task(project, "report done", status="done")
    stream.deliver_new()
    first = ann.get("/api/tasks?q=rep&status=todo&ordering=priority&limit=2").json_body
    cursor = f"&cursor={first['next_cursor']}"
    second = ann.get(f"/api/tasks?q=rep&status=todo&ordering=priority&limit=2{cursor}").json_body
    titles = [task["title"] for task in first["items"] + second["items"]]
    assert titles == ["report high", "report medium", "report low"]


def test_a_deleted_task_or_one_without_the_word_is_no_longer_found(
    ann: Person, project: str, stream: TaskStream
) -> None:
    changed, deleted = ann.create_task(project, "alpha"), ann.create_task(project, "alpha too")
    stream.deliver_new()
    ann.patch(f"/api/tasks/{changed['id']}", {"title": "beta"})
    ann.delete(f"/api/tasks/{deleted['id']}")
    assert _found(ann, "alpha") == []  # before the index is updated
    stream.deliver_new()
    assert _found(ann, "beta") == ["beta"]
    assert find_task_ids_by_prefix(project, "alpha", limit=10) == set()
    ann.post(f"/api/tasks/{deleted['id']}/restore")
    stream.deliver_new()
    assert _found(ann, "alpha") == ["alpha too"]


def test_a_user_finds_no_tasks_of_projects_of_others(
    ann: Person, bob: Person, project: str, stream: TaskStream
) -> None:
    ann.create_task(project, "secret")
    stream.deliver_new()
    assert _found(bob, "secret") == []


def test_a_prefix_with_too_many_matches_is_refused(ann: Person, project: str) -> None:
    replace_search_terms(
        project, "x" * 52, removed=(), added=[f"a{n}" for n in range(MAX_MATCHES + 1)]
    )
    answer = ann.get("/api/tasks?q=a")
    assert (answer.status_code, error_locations(answer)) == (400, ["q"])
    assert ann.get("/api/tasks?q=a%20rare").status_code == 200


def _title_found(ann: Person, stream: TaskStream, title: str, text: str) -> bool:
    """Create a task and return whether the search finds it."""
    ann.create_task(ann.create_project(), title)
    stream.deliver_new()
    return _found(ann, quote(text)) == [title]


@pytest.mark.parametrize("text", [" ", "\u200b", "...", "++", "#", "-- '", "\u0301", "🎉"])
def test_a_search_text_without_a_word_is_refused(ann: Person, text: str) -> None:
    answer = ann.get(f"/api/tasks?q={quote(text)}&due_before=tomorrow")
    assert (answer.status_code, error_locations(answer)) == (400, ["due_before", "q"])


def test_a_search_text_of_more_than_eight_words_is_refused(ann: Person, project: str) -> None:
    eight = "%20".join("abcdefgh")
    assert ann.get(f"/api/tasks?q={eight}%20a").status_code == 200  # a word twice counts once
    answer = ann.get(f"/api/tasks?q={eight}%20i")
    assert (answer.status_code, error_locations(answer)) == (400, ["q"])


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("Port to C++, then rest", "c++"),
        ("Port to C++17", "c++"),
        ("Port to C++17", "c++17"),
        ("Port to C++", "c"),
        ("(C#) and F#", "c#"),
        ("(C#) and F#", "f#"),
        ("Move to .NET 9", ".net"),
        ("Move to .NET 9", "net"),
        ("Move to ASP.NET", ".net"),
        ("Fix node.js", "node.js"),
        ("Fix node js", "node.js"),
        ("Fix issue #12.", "#12"),
        ("Fix issue #12.", "12"),
        ("Fix issue#12", "issue#12"),
        ("Fix issue #12", "issue#12"),
        ("Fix issue 12", "issue#12"),
    ],
)
def test_signs_attached_to_a_word_belong_to_it(
    ann: Person, stream: TaskStream, title: str, text: str
) -> None:
    assert _title_found(ann, stream, title, text)


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("naïve café", "c++"),
        ("Vitamin C", "c#"),
        ("Network", ".net"),
        ("12 apples", "#12"),
        ("C+ is a grade", "c++"),
    ],
)
def test_a_word_without_the_signs_is_not_found(
    ann: Person, stream: TaskStream, title: str, text: str
) -> None:
    assert not _title_found(ann, stream, title, text)


def test_a_number_sign_does_not_match_the_end_of_the_word_in_the_index(
    project: str, stream: TaskStream
) -> None:
    replace_search_terms(project, "x" * 52, removed=(), added=["c"])
    replace_search_terms(project, "y" * 52, removed=(), added=["c#"])
    assert find_task_ids_by_prefix(project, "c#", limit=10) == {"y" * 52}
    assert len(find_task_ids_by_prefix(project, "c", limit=10) or ()) == 2


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("会议记录 准备", "记录"),
        ("会议记录 准备", "会议记录"),
        ("会议记录 准备", "录"),
        ("東京タワー", "タワー"),
        ("東京タワー", "ﾀﾜｰ"),
        ("東京のガイドを読む", "ガイド"),
        ("ประชุมทีมพรุ่งนี้", "พรุ่งนี้"),
        ("주간회의 준비", "회의"),
        ("주간회의 준비", "주가"),  # a word that is being typed
        ("ກອງປະຊຸມ", "ປະຊຸມ"),
        ("iPhone手机测试", "手机"),
        ("iPhone手机测试", "iphone手机"),
        ("第3章", "3章"),
    ],
)
def test_a_part_of_a_text_without_spaces_is_found(
    ann: Person, stream: TaskStream, title: str, text: str
) -> None:
    assert _title_found(ann, stream, title, text)


@pytest.mark.parametrize(
    ("title", "text"),
    [("会议 议记 记录", "会议记录"), ("カイト", "ガイド"), ("ม้า", "มา"), ("コーヒー", "コヒ")],
)
def test_a_text_without_spaces_is_found_as_it_was_typed(
    ann: Person, stream: TaskStream, title: str, text: str
) -> None:
    assert not _title_found(ann, stream, title, text)


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("e-mail server", "email"),
        ("e-mail server", "e-mail"),
        ("e-mail server", "mail"),
        ("email server", "e-mail"),
        ("e mail", "e-mail"),
        ("e\u2011mail server", "email"),
        ("e\u00admail server", "email"),
        ("don't panic", "dont"),
        ("don\u2019t panic", "don't"),
        ("dont panic", "don't"),
        ("state-of-the-art", "ofthe"),
        ("Visita l'été", "ete"),
        ("نمی\u200cخواهم", "نمیخواهم"),
        ("نمی\u200cخواهم", "خواهم"),
    ],
)
def test_hyphens_and_apostrophes_join_and_split(
    ann: Person, stream: TaskStream, title: str, text: str
) -> None:
    assert _title_found(ann, stream, title, text)


def test_every_word_of_the_longest_description_is_found(
    ann: Person, project: str, stream: TaskStream
) -> None:
    words = [f"word{number}" for number in range(2_200)]
    description = " ".join(words)[:20_000]
    ann.create_task(project, "Long", description=description)
    stream.deliver_new()
    last = description.split()[-2]
    assert [_found(ann, word) for word in ("word201", last)] == [["Long"], ["Long"]]


@pytest.mark.parametrize(
    ("title", "text", "found"),
    [
        ("किताब पढ़ना", "किताब", True),
        ("किताब पढ़ना", "पढना", True),  # without the dot below
        ("कल ताला बदलना", "किताब", False),
        ("கடல்", "கிடல்", False),
        ("বই কেনা", "কেনা", True),
        ("كِتَاب", "كتاب", True),  # vowel points
        ("Việt Nam", "viet", True),
        ("Zoë", "ZOE\u0308", True),
    ],
)
def test_vowel_signs_belong_to_a_word_and_accents_do_not(
    ann: Person, stream: TaskStream, title: str, text: str, found: bool
) -> None:
    assert _title_found(ann, stream, title, text) is found


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("№ 15", "no"),
        ("no 15", "№"),
        ("ｆｕｌｌ width", "full"),
        ("ﬁnance", "finance"),
        ("Ⅳ", "iv"),
    ],
)
def test_compatibility_forms_are_folded(
    ann: Person, stream: TaskStream, title: str, text: str
) -> None:
    assert _title_found(ann, stream, title, text)


@pytest.mark.parametrize(
    ("title", "terms", "text"),
    [
        ("会议记录 准备", ["会议记录", "准备"], "会议记录"),
        ("주간회의", [unicodedata.normalize("NFD", "주간회의")], "주간회의"),
        ("Port to C++", ["port", "to", "c"], "c++"),
        ("iPhone手机", ["iphone手机"], "iphone手机"),
        ("किताब", ["क", "त", "ब"], "किताब"),
        ("e-mail", ["e", "mail"], "e-mail"),
    ],
)
def test_a_task_is_found_by_the_search_terms_of_earlier_versions(
    ann: Person, project: str, title: str, terms: list[str], text: str
) -> None:
    task = ann.create_task(project, title)["id"]
    replace_search_terms(project, task, removed=(), added=terms)
    assert _found(ann, quote(text)) == [title]
