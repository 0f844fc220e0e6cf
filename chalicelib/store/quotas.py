"""How much room files take, by task and by project: reserved in the transaction that announces an
upload, given back in the one that makes it a tombstone. Both happen once, so the sums are exact."""

from collections import Counter
from typing import Any

from pynamodb.attributes import NumberAttribute
from pynamodb.expressions.condition import Condition

from chalicelib import settings
from chalicelib.store import sums, table
from chalicelib.store.attachments import Attachment
from chalicelib.store.ids import project_of
from chalicelib.store.sums import Sums
from chalicelib.store.table import Key, Row
from chalicelib.store.transaction import ConditionFailed, Delete, Update, Write, transact
from chalicelib.store.uploads import Upload

OF_TASK, OF_PROJECT = "TASK#", "PROJECT#"
# The largest single file.
LARGEST = min(settings.UPLOAD_MAX_BYTES, settings.TASK_MAX_BYTES, settings.PROJECT_MAX_BYTES)


class Usage(Row):
    """The files of a task or of a project, announced ones included; `changes` are how often that
    changed."""

    bytes = NumberAttribute(default=0)
    files = NumberAttribute(default=0)
    changes = NumberAttribute(null=True)

    @staticmethod
    def of_task(task_id: str) -> "Key[Usage]":
        return Key(Usage, f"{OF_TASK}{task_id}", "USAGE")

    @staticmethod
    def of_project(project_id: str) -> "Key[Usage]":
        return Key(Usage, f"{OF_PROJECT}{project_id}", "USAGE")


def reserved(attachment: Attachment) -> tuple[Write, Write]:
    """The writes that take room for it; they fail when a limit would be passed."""
    size, task_id = int(attachment.size), attachment.task_id
    in_task = (Usage.bytes <= settings.TASK_MAX_BYTES - size) & (
        Usage.files < settings.TASK_MAX_FILES
    )
    in_project = Usage.bytes <= settings.PROJECT_MAX_BYTES - size
    return (
        _added(Usage.of_task(task_id), size, 1, _first() | in_task),
        _added(Usage.of_project(project_of(task_id)), size, 1, _first() | in_project),
    )


def returned(upload: Upload) -> tuple[Write, ...]:
    """The writes that give the room back; none for what takes none."""
    if not upload.PK.startswith(OF_TASK):
        return ()
    task_id, there = upload.PK.removeprefix(OF_TASK), Usage.PK.exists()
    keys = (Usage.of_task(task_id), Usage.of_project(project_of(task_id)))
    return tuple(_added(key, -int(upload.size), -1, there) for key in keys)


def room(bytes: int = 0, files: int = 0) -> Counter[str]:
    """What files take, as the recount compares it."""
    return Counter(bytes=bytes, files=files)


def said(raw: dict[str, Any]) -> Counter[str]:
    """The room that a row speaks of."""
    return Counter({name: int(raw[name]["N"]) for name in room() if name in raw})


def as_it_stands(key: Key[Usage]) -> Sums:
    """A row for the recount; one that is not there speaks of no files."""
    raw = table.read(key).raw(key) or {}
    counts = room()
    counts.update(said(raw))
    return sums.as_read(key, counts, raw)


def limit_of(write: Write) -> str | None:
    """Which limit the write that failed stands for: `task`, `project`, or None for neither."""
    key = write.key if isinstance(write, Update) else None
    if key is None or key.model is not Usage:
        return None
    return "task" if key.pk.startswith(OF_TASK) else "project"


def forget_task(task_id: str) -> None:
    """Remove the count of a task without files; one that has some keeps it."""
    empty = Usage.PK.does_not_exist() | (Usage.files == 0)
    try:
        transact(Delete(Usage.of_task(task_id), empty))
    except ConditionFailed:
        return


def _first() -> Condition:
    """There is no count yet. One file alone never passes a limit: `LARGEST` sees to that."""
    return Usage.PK.does_not_exist()


def _added(key: Key[Usage], size: int, files: int, condition: Condition) -> Update:
    added = (Usage.bytes.add(size), Usage.files.add(files), Usage.changes.add(1))
    return Update(key, added, condition)
