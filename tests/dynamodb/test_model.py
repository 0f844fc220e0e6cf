"""The short ways of `PlainModel` do what those of PynamoDB do."""

from copy import deepcopy
from typing import Any

import pytest
from pynamodb.attributes import (
    BooleanAttribute,
    JSONAttribute,
    ListAttribute,
    NumberAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
)
from pynamodb.exceptions import AttributeDeserializationError, AttributeNullError
from pynamodb.models import Model

from chalicelib.dynamodb.mapping.model import PlainModel


class Attributes:
    """The attributes of both models below."""

    PK = UnicodeAttribute(hash_key=True)
    SK = UnicodeAttribute(range_key=True)
    text = UnicodeAttribute()
    note = UnicodeAttribute(null=True)
    color = UnicodeAttribute(null=True, attr_name="colour")
    status = UnicodeAttribute(default="new")
    number = NumberAttribute(default=1)
    size = NumberAttribute(null=True)
    flag = BooleanAttribute(default=False)
    names: ListAttribute[Any] = ListAttribute(of=UnicodeAttribute, null=True)
    about = JSONAttribute(default=dict)
    labels = UnicodeSetAttribute(null=True)


def _copy_attributes() -> dict[str, Any]:
    return {name: deepcopy(each) for name, each in vars(Attributes).items() if name[0] != "_"}


class Meta:
    table_name = "x"


Usual: Any = type("Usual", (Model,), {**_copy_attributes(), "Meta": Meta})
Plain: Any = type("Plain", (PlainModel,), {**_copy_attributes(), "Meta": Meta})
NAMES = sorted(Usual.get_attributes())
KEY = {"PK": {"S": "p"}, "SK": {"S": "s"}}
FULL = KEY | {
    "text": {"S": "é"},
    "note": {"S": ""},
    "colour": {"S": "red"},
    "status": {"S": "old"},
    "number": {"N": "12"},
    "size": {"N": "-1.5e3"},
    "flag": {"BOOL": True},
    "names": {"L": [{"S": "a"}, {"S": "b"}]},
    "about": {"S": '{"a": [1]}'},
    "labels": {"SS": ["x", "y"]},
}
ITEMS = {
    "every value": FULL,
    "only a key": KEY,
    "nulls": FULL | {name: {"NULL": True} for name in ("note", "size", "names")},
    "an attribute of a later version": FULL | {"later": {"S": "x"}},
}


@pytest.mark.parametrize("name", ITEMS)
def test_an_item_is_read_alike(name: str) -> None:
    usual, plain = (model.from_raw_data(deepcopy(ITEMS[name])) for model in (Usual, Plain))
    for attribute in NAMES:
        assert getattr(plain, attribute) == getattr(usual, attribute), attribute
    known = {name: value for name, value in usual.attribute_values.items() if value is not None}
    assert plain.attribute_values == known


@pytest.mark.parametrize("name", ITEMS)
def test_an_item_that_is_decoded_later_has_the_same_values(name: str) -> None:
    usual = Usual.from_raw_data(deepcopy(ITEMS[name]))
    constants = tuple(each for each in NAMES if each != "about")
    expected = [getattr(usual, each) for each in constants]
    assert Plain.decode_later(ITEMS[name]).get_values(constants) == expected
    assert Plain.from_raw_data(ITEMS[name]).get_values(constants) == expected
    for attribute in NAMES:
        later = Plain.decode_later(ITEMS[name])
        assert getattr(later, attribute) == getattr(usual, attribute), attribute


@pytest.mark.parametrize("name", ["every value", "nulls"])
def test_an_item_is_written_alike(name: str) -> None:
    usual, plain = (model.from_raw_data(deepcopy(ITEMS[name])) for model in (Usual, Plain))
    written = plain.serialize()
    written["labels"]["SS"].sort()
    expected = usual.serialize()
    expected["labels"]["SS"].sort()
    assert written == expected


def test_a_new_item_has_the_defaults() -> None:
    usual, plain = Usual("p", "s", text="t", number=2), Plain("p", "s", text="t", number=2)
    assert plain.attribute_values == usual.attribute_values
    assert plain.serialize() == usual.serialize()


def test_an_attribute_that_is_not_declared_is_refused() -> None:
    with pytest.raises(ValueError, match="other"):
        Plain("p", "s", other=1)


@pytest.mark.parametrize("model", [Usual, Plain], ids=["usual", "plain"])
def test_a_missing_value_is_refused_when_it_is_written(model: Any) -> None:
    item = model("p", "s")
    with pytest.raises(AttributeNullError):
        item.serialize()
    assert "text" not in item.serialize(null_check=False)


@pytest.mark.parametrize(
    ("name", "value"), [("text", {"N": "1"}), ("number", {"S": "1"}), ("names", {"S": "x"})]
)
def test_a_value_of_another_type_is_an_error(name: str, value: dict[str, str]) -> None:
    with pytest.raises(AttributeDeserializationError):
        _ = getattr(Plain.from_raw_data(FULL | {name: value}), name)
    with pytest.raises(AttributeDeserializationError):
        _ = Plain.decode_later(FULL | {name: value}).attribute_values
    with pytest.raises(AttributeDeserializationError):
        _ = getattr(Plain.decode_later(FULL | {name: value}), name)


def test_changes_stay_and_do_not_reach_the_default() -> None:
    item = Plain.from_raw_data(KEY)
    item.about["a"] = 1
    item.text = "new"
    assert (item.about, item.text, item.status) == ({"a": 1}, "new", "new")
    assert Plain.from_raw_data(KEY).about == {}


def test_a_copy_does_not_change_with_the_original() -> None:
    item = Plain.from_raw_data(deepcopy(FULL))
    copied = deepcopy(item)
    item.names.append("c")
    item.text = "changed"
    assert (copied.names, copied.text) == (["a", "b"], "é")
