"""PynamoDB's expressions, made and rendered with less work.

PynamoDB makes a new path for each use of an attribute, and parses it to render it. A model gives a
`Field` in its place, which is made once; its values are encoded without a search for their type.
Both are PynamoDB's own classes otherwise, so conditions and actions are written as before.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pynamodb.attributes import Attribute, NumberAttribute, UnicodeAttribute
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.operand import Path, Value
from pynamodb.expressions.update import (
    Action,
    AddAction,
    DeleteAction,
    RemoveAction,
    SetAction,
)


class Field(Path):
    """The path of an attribute that a model declares."""

    def __init__(self, attribute: Attribute[Any]) -> None:
        super().__init__(attribute)
        self.attr_name = attribute.attr_name
        self._is_text = type(attribute) is UnicodeAttribute
        self._is_number = type(attribute) is NumberAttribute

    def serialize(
        self, placeholder_names: dict[str, str], expression_attribute_values: dict[str, Any]
    ) -> str:
        """Return the placeholder of the name, which is in `placeholder_names` then."""
        return render_name(self.attr_name, placeholder_names)

    def set(self, value: Any) -> SetAction | RemoveAction:
        """Return the action that sets the attribute."""
        encoded = self._encode(value)
        return super().set(value) if encoded is None else Assignment(self.attr_name, encoded)

    def _to_operand(self, value: Any) -> Any:
        encoded = self._encode(value)
        return super()._to_operand(value) if encoded is None else PlainValue(encoded)

    def _encode(self, value: Any) -> dict[str, str] | None:
        """Return a text or a whole number in DynamoDB's JSON, and None for other values."""
        if self._is_text and isinstance(value, str):
            return {"S": str(value)}  # a member of an enumeration is its text
        if self._is_number and type(value) is int:
            return {"N": str(value)}
        return None


class PlainValue(Value):
    """A value that is encoded already."""

    def __init__(self, encoded: dict[str, str]) -> None:
        (self.attr_type,) = encoded
        self.values = (encoded,)

    def serialize(
        self, placeholder_names: dict[str, str], expression_attribute_values: dict[str, Any]
    ) -> str:
        """Add the value to `expression_attribute_values` and return its placeholder."""
        placeholder = f":{len(expression_attribute_values)}"
        expression_attribute_values[placeholder] = self.values[0]
        return placeholder


class Assignment(SetAction):
    """The action that sets an attribute to a value that is encoded already."""

    def __init__(self, name: str, encoded: dict[str, str]) -> None:
        self._name, self._encoded = name, encoded

    def serialize(
        self, placeholder_names: dict[str, str], expression_attribute_values: dict[str, Any]
    ) -> str:
        """Return the action with placeholders, which are in both dicts then."""
        placeholder = f":{len(expression_attribute_values)}"
        expression_attribute_values[placeholder] = self._encoded
        return f"{render_name(self._name, placeholder_names)} = {placeholder}"


# The kinds of actions, and the word that their clause in an update begins with.
_CLAUSES: dict[type[Action], str] = {
    SetAction: "SET",
    Assignment: "SET",
    RemoveAction: "REMOVE",
    AddAction: "ADD",
    DeleteAction: "DELETE",
}


def set_or_remove(model: Any, name: str, value: Any) -> Action:
    """Return the action that sets the attribute `name`, or removes it if `value` is None."""
    attribute = getattr(model, name)
    action: Action = attribute.remove() if value is None else attribute.set(value)
    return action


def is_unchanged(item: Any, name: str) -> Condition:
    """Return the condition that the attribute `name` still has the value that was read."""
    attribute, value = getattr(type(item), name), getattr(item, name)
    condition: Condition = attribute.does_not_exist() if value is None else attribute == value
    return condition


def render_name(name: str, names: dict[str, str]) -> str:
    """Return the placeholder of an attribute's name. `names` has one for each name so far."""
    return names.setdefault(name, f"#{len(names)}")


def build_expressions(
    condition: Condition | None, actions: Sequence[Action] = ()
) -> dict[str, Any]:
    """Return the parameters of a write: the condition, the update and their placeholders."""
    names: dict[str, str] = {}
    values: dict[str, Any] = {}
    parameters: dict[str, Any] = {}
    if condition is not None:
        parameters["ConditionExpression"] = condition.serialize(names, values)
    if actions:
        parameters["UpdateExpression"] = _render_actions(actions, names, values)
    return parameters | build_placeholders(names, values)


def _render_actions(
    actions: Sequence[Action], names: dict[str, str], values: dict[str, Any]
) -> str:
    """Return the expression of an update, whose placeholders are in `names` and `values` then."""
    clauses: dict[str, list[str]] = {}
    for action in actions:
        clauses.setdefault(_CLAUSES[type(action)], []).append(action.serialize(names, values))
    return " ".join(f"{word} {', '.join(rendered)}" for word, rendered in clauses.items())


def build_addition(added: Mapping[str, int], condition: Condition | None) -> dict[str, Any]:
    """Return the parameters of a write that adds a number to each of the named attributes."""
    names: dict[str, str] = {}
    values: dict[str, Any] = {}
    parameters = {}
    if condition is not None:
        parameters["ConditionExpression"] = condition.serialize(names, values)
    actions = []
    for name, number in added.items():
        placeholder = f":{len(values)}"
        values[placeholder] = {"N": str(number)}
        actions.append(f"{render_name(name, names)} {placeholder}")
    parameters["UpdateExpression"] = f"ADD {', '.join(actions)}"
    return parameters | build_placeholders(names, values)


def build_placeholders(names: dict[str, str], values: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters that say what the placeholders of expressions stand for.

    `names` has the placeholder of each name, `values` the value of each placeholder.
    """
    parameters: dict[str, Any] = {
        "ExpressionAttributeNames": {placeholder: name for name, placeholder in names.items()}
    }
    if values:  # DynamoDB refuses an empty map
        parameters["ExpressionAttributeValues"] = values
    return parameters
