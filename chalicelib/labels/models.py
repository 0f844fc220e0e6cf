"""Labels of a project. Tasks hold their ids, so a new name or color is one write."""

from collections.abc import Mapping
from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.dynamodb.pages import Page
from chalicelib.dynamodb.table import Item, Key, get_item, query_page, set_or_remove
from chalicelib.dynamodb.transactions import ConditionCheck, Delete, Put, Update, Write


class Label(Item):
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
    """Holds a name for one label: no two of a project differ in upper and lower case alone."""

    label_id = UnicodeAttribute()

    @staticmethod
    def key(project_id: str, name: str) -> "Key[LabelName]":
        return Key(LabelName, f"PROJECT#{project_id}", f"LABELNAME#{name.casefold()}")


def create_label_writes(label: Label) -> tuple[Write, Write]:
    """The writes that make a label; the second fails when the name is taken."""
    return Put(label), _claimed(label)


def update_label_writes(label: Label, fields: Mapping[str, Any], before: str) -> tuple[Write, ...]:
    """The writes that store `fields`, which `label` already has; `before` is its old name. They
    hold for the version that was read."""
    actions = [set_or_remove(Label, name, value) for name, value in fields.items()]
    step = Label.version.set(label.version + 1)
    same = Label.version == label.version
    update = Update(Label.key(label.project_id, label.id), (*actions, step), same)
    if label.name.casefold() == before.casefold():
        return (update,)
    return update, _claimed(label), Delete(LabelName.key(label.project_id, before))


def delete_label_writes(label: Label) -> tuple[Write, Write]:
    """The writes that end a label; they hold for the version that was read."""
    same = Label.version == label.version
    name = LabelName.key(label.project_id, label.name)
    return Delete(Label.key(label.project_id, label.id), same), Delete(name)


def label_check(project_id: str, label_id: str) -> ConditionCheck:
    """Holds while the label is there."""
    return ConditionCheck(Label.key(project_id, label_id), Label.PK.exists())


def get_label(project_id: str, label_id: str) -> Label | None:
    return get_item(Label.key(project_id, label_id))


def list_labels(project_id: str, *, limit: int, start: dict[str, Any] | None) -> Page[Label]:
    """A page of a project's labels, the oldest first."""
    ours = Label.SK.startswith("LABEL#")
    return query_page(Label, f"PROJECT#{project_id}", ours, limit=limit, start=start)


def _claimed(label: Label) -> Put:
    key = LabelName.key(label.project_id, label.name)
    return Put(LabelName(key.pk, key.sk, label_id=label.id))
