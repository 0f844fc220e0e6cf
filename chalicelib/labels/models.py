"""Labels of a project. Tasks store label ids, so a new name or color is one write."""

from collections.abc import Mapping
from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.dynamodb.pages import Page
from chalicelib.dynamodb.table import Item, Key, get_item, query_page, set_or_remove
from chalicelib.dynamodb.transactions import ConditionCheck, Delete, Put, Update, Write


class Label(Item):
    """A label of a project."""

    name = UnicodeAttribute()
    color = UnicodeAttribute(attr_name="colour")
    created_at = UnicodeAttribute()
    version = NumberAttribute(default=1)

    @staticmethod
    def key(project_id: str, label_id: str) -> "Key[Label]":
        return Key(Label, f"PROJECT#{project_id}", f"LABEL#{label_id}")

    @property
    def id(self) -> str:
        return self.SK.removeprefix("LABEL#")

    @property
    def project_id(self) -> str:
        return self.PK.removeprefix("PROJECT#")


class LabelName(Item):
    """Reserves a name for one label. Names in a project are unique, ignoring case."""

    label_id = UnicodeAttribute()

    @staticmethod
    def key(project_id: str, name: str) -> "Key[LabelName]":
        return Key(LabelName, f"PROJECT#{project_id}", f"LABELNAME#{name.casefold()}")


def create_label_writes(label: Label) -> tuple[Write, Write]:
    """Return the writes that create `label`. The second fails when the name is taken."""
    return Put(label), _reserve_name_write(label)


def update_label_writes(
    label: Label, fields: Mapping[str, Any], old_name: str
) -> tuple[Write, ...]:
    """Return the writes that store `fields`, the changed attributes of `label`.

    `label` already has the new values, and `old_name` is its stored name. The first write fails
    when the stored version is not `label.version`; if the name changes, the second fails when the
    new name is taken.
    """
    update = Update(
        Label.key(label.project_id, label.id),
        (
            *(set_or_remove(Label, name, value) for name, value in fields.items()),
            Label.version.set(label.version + 1),
        ),
        Label.version == label.version,
    )
    if label.name.casefold() == old_name.casefold():
        return (update,)
    free_old_name = Delete(LabelName.key(label.project_id, old_name))
    return update, _reserve_name_write(label), free_old_name


def _reserve_name_write(label: Label) -> Put:
    key = LabelName.key(label.project_id, label.name)
    return Put(LabelName(key.pk, key.sk, label_id=label.id))


def delete_label_writes(label: Label) -> tuple[Write, Write]:
    """Return the writes that delete `label` and free its name.

    The first fails when the stored version is not `label.version`.
    """
    return (
        Delete(Label.key(label.project_id, label.id), Label.version == label.version),
        Delete(LabelName.key(label.project_id, label.name)),
    )


def label_check(project_id: str, label_id: str) -> ConditionCheck:
    """Return a condition check that fails when the label does not exist."""
    return ConditionCheck(Label.key(project_id, label_id), Label.PK.exists())


def get_label(project_id: str, label_id: str) -> Label | None:
    """Return the label, or None if the project does not have it."""
    return get_item(Label.key(project_id, label_id))


def list_labels(project_id: str, *, limit: int, start: dict[str, Any] | None) -> Page[Label]:
    """Return a page of the project's labels, oldest first."""
    return query_page(
        Label,
        f"PROJECT#{project_id}",
        Label.SK.startswith("LABEL#"),
        limit=limit,
        start=start,
    )
