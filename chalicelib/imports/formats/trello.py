"""A board of Trello, as its menu exports it as JSON.

https://developer.atlassian.com/cloud/trello/guides/rest-api/object-definitions/ describes the
objects. Lists become statuses by their name, or labels; items of checklists become subtasks;
archived cards are done and have the label "archived". The file holds the last 1,000 actions only,
and comments are among them.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from msgspec import Raw, Struct

from chalicelib.imports.formats.columns import find_color, find_status
from chalicelib.imports.formats.files import read_elements, read_json
from chalicelib.imports.formats.records import (
    CommentRecord,
    ParsedFile,
    ReadingContext,
    TaskRecord,
)

ACTIONS_MAX = 1_000
ARCHIVED = "archived"


class _Label(Struct):
    name: str | None = None
    color: str | None = None


class _List(Struct):
    id: str
    name: str = ""
    closed: bool = False
    pos: float = 0


class _Member(Struct):
    id: str
    username: str | None = None


class _CheckItem(Struct):
    id: str
    name: str = ""
    state: str = ""
    pos: float = 0
    due: str | None = None
    idMember: str | None = None


class _Checklist(Struct):
    idCard: str
    name: str = ""
    pos: float = 0
    checkItems: list[_CheckItem] = []


class _Card(Struct):
    id: str
    name: str = ""
    desc: str | None = None
    idList: str = ""
    pos: float = 0
    closed: bool = False
    due: str | None = None
    start: str | None = None
    dueComplete: bool = False
    idMembers: list[str] = []
    labels: list[_Label] = []
    attachments: list[Raw] = []


class _Action(Struct):
    type: str = ""
    date: str | None = None
    data: dict[str, Any] = {}
    memberCreator: dict[str, Any] | None = None


class _Board(Struct):
    cards: list[Raw]
    lists: list[_List]
    desc: str | None = None
    members: list[_Member] = []
    checklists: list[_Checklist] = []
    actions: list[Raw] = []


def parse_trello(raw: bytes, context: ReadingContext) -> ParsedFile:
    """Return the tasks of a Trello board in the order of its lists."""
    board = read_json(raw, _Board)
    parsed = ParsedFile(description=board.desc or "")
    lists = {each.id: each for each in board.lists}
    people = {each.id: (each.username,) for each in board.members if each.username}
    checklists = defaultdict(list)
    for checklist in sorted(board.checklists, key=lambda each: each.pos):
        checklists[checklist.idCard].append(checklist)
    comments = _read_comments(board, parsed)

    cards = list(read_elements(board.cards, _Card, parsed))
    places = {card.id: _place(card, lists) for _, card in cards}
    for line, card in sorted(cards, key=lambda each: places[each[1].id]):
        task = _read_card(line, card, lists.get(card.idList), people, parsed)
        task.comments = comments.get(card.id, [])
        parsed.tasks.append(task)
        for checklist in checklists[card.id]:
            prefix = f"{checklist.name}: " if len(checklists[card.id]) > 1 else ""
            items = sorted(checklist.checkItems, key=lambda each: each.pos)
            parsed.tasks += [_read_item(line, card.id, prefix, item, people) for item in items]
    return parsed


def _place(card: _Card, lists: dict[str, _List]) -> tuple[bool, float, float]:
    column = lists.get(card.idList)
    return card.closed, column.pos if column else 0, card.pos


def _read_card(
    line: int,
    card: _Card,
    column: _List | None,
    people: Mapping[str, tuple[str, ...]],
    parsed: ParsedFile,
) -> TaskRecord:
    status = find_status(column.name) if column else None
    labels = []
    for label in card.labels:
        name = label.name or label.color or ""
        if name:
            labels.append(name)
            if color := find_color(label.color):
                parsed.colors.setdefault(name, color)
    if column is not None and status is None and column.name:
        labels.append(column.name)
    if card.closed or (column is not None and column.closed):
        status = "done"
        labels.append(ARCHIVED)
    if card.attachments:
        number = f"{len(card.attachments)} of the card {card.name}"
        parsed.report(line, "attachments", "attachments_left_out", number)
    return TaskRecord(
        line,
        card.id,
        card.name,
        description=card.desc or "",
        status="done" if card.dueComplete else status or "todo",
        assignees=[people.get(member, (member,)) for member in card.idMembers],
        start_date=card.start,
        due_date=card.due,
        labels=labels,
    )


def _read_item(
    line: int, card_id: str, prefix: str, item: _CheckItem, people: Mapping[str, tuple[str, ...]]
) -> TaskRecord:
    return TaskRecord(
        line,
        item.id,
        prefix + item.name,
        status="done" if item.state == "complete" else "todo",
        assignees=[people.get(item.idMember, (item.idMember,))] if item.idMember else [],
        due_date=item.due,
        parent=card_id,
    )


def _read_comments(board: _Board, parsed: ParsedFile) -> dict[str, list[CommentRecord]]:
    """Return the comments by card, oldest first; actions of other kinds are left out."""
    comments = defaultdict(list)
    actions = [each for _, each in read_elements(board.actions, _Action, parsed)]
    for action in sorted(actions, key=lambda each: each.date or ""):
        card, text = action.data.get("card"), action.data.get("text")
        is_comment = action.type in {"commentCard", "copyCommentCard"}
        if is_comment and isinstance(card, dict) and isinstance(text, str):
            creator = (action.memberCreator or {}).get("username")
            author = (creator,) if isinstance(creator, str) else ()
            comments[str(card.get("id"))].append(CommentRecord(text, author, action.date))
    if len(board.actions) >= ACTIONS_MAX:
        parsed.report(1, "comments", "older_comments_missing", len(board.actions))
    return comments
