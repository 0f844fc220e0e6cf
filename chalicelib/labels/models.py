"""Labels of a project. Tasks store label ids, so a new name or color is one write."""

import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.dynamodb.mapping.expressions import set_or_remove
from chalicelib.dynamodb.pages import Page
from chalicelib.dynamodb.table import Item, Key, get_item, query_all, query_page
from chalicelib.dynamodb.transactions import ConditionCheck, Delete, Put, Update, Write, item_key
from chalicelib.text import fold_name

NAME_MAX = 50
DEFAULT_COLOR = "#808080"


class Label(Item):
    """A label of a project.

    `folded_name` is the name that the label reserves. Labels of earlier versions have none: they
    reserve their case-folded name.
    """

    name = UnicodeAttribute()
    folded_name = UnicodeAttribute(null=True)
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

    @property
    def name_key(self) -> "Key[LabelName]":
        """The key of the item that reserves the label's name."""
        return LabelName.key(self.project_id, self.folded_name or self.name.casefold())


class LabelName(Item):
    """Reserves a folded name for one label. Folded names are unique in a project."""

    label_id = UnicodeAttribute()

    @staticmethod
    def key(project_id: str, folded_name: str) -> "Key[LabelName]":
        return Key(LabelName, f"PROJECT#{project_id}", f"LABELNAME#{folded_name}")


def create_label_writes(label: Label) -> tuple[Write, ...]:
    """Return the writes that create `label`. All but the first fail when the name is taken."""
    return Put(label), *_reserve_name_writes(label)


def update_label_writes(label: Label, fields: Mapping[str, Any]) -> tuple[Write, ...]:
    """Return the writes that store `fields`, the attributes of `label` that change.

    The first write fails when the stored version is not `label.version`. If the name changes, the
    others fail when the new name is taken. Sets the attributes of `label`.
    """
    old_key = label.name_key
    changes = dict(fields)
    if "name" in changes:
        changes["folded_name"] = fold_name(changes["name"])
    for name, value in changes.items():
        setattr(label, name, value)
    update = Update(
        Label.key(label.project_id, label.id),
        (
            *(set_or_remove(Label, name, value) for name, value in changes.items()),
            Label.version.set(label.version + 1),
        ),
        Label.version == label.version,
    )
    if label.name_key == old_key:
        return (update,)
    reservation = (
        write
        for write in _reserve_name_writes(label)
        if item_key(write) != (old_key.pk, old_key.sk)
    )
    return update, *reservation, Delete(old_key)


def _reserve_name_writes(label: Label) -> Iterator[Put | ConditionCheck]:
    """Yield the write that reserves the name of `label`, and checks that no label of an earlier
    version has it, in another normalization form."""
    key = label.name_key
    yield Put(LabelName(key.pk, key.sk, label_id=label.id))
    forms = {unicodedata.normalize(form, label.name).casefold() for form in ("NFC", "NFD", "NFKD")}
    for form in sorted(forms - {label.folded_name}):
        earlier_key = LabelName.key(label.project_id, form)
        yield ConditionCheck(earlier_key, LabelName.PK.does_not_exist())


def delete_label_writes(label: Label) -> tuple[Write, Write]:
    """Return the writes that delete `label` and free its name.

    The first fails when the stored version is not `label.version`.
    """
    return (
        Delete(Label.key(label.project_id, label.id), Label.version == label.version),
        Delete(label.name_key),
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


def list_all_labels(project_id: str) -> Iterator[Label]:
    """Yield all labels of the project, oldest first."""
    return query_all(Label, f"PROJECT#{project_id}", Label.SK.startswith("LABEL#"))
