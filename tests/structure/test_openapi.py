"""`docs/openapi.json` agrees with the code and with `docs/api.md`."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import fastjsonschema
import pytest

from app import app
from infra.openapi.__main__ import build_files
from infra.openapi.routes import list_routes
from tests import contract

OPERATIONS = [
    pytest.param(operation, id=operation["operationId"])
    for path in contract.load_document()["paths"].values()
    for operation in path.values()
]


def _components() -> list[dict[str, Any]]:
    return list(contract.load_document()["components"]["schemas"].values())


def _list_schemas(value: Any, place: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each schema of a part of the document with its place; nothing from examples."""
    if isinstance(value, list):
        for index, each in enumerate(value):
            yield from _list_schemas(each, f"{place}/{index}")
    elif isinstance(value, dict):
        above, _, keyword = place.rpartition("/")
        if keyword in SCHEMA_KEYWORDS or above.endswith(SCHEMA_PARENTS):
            yield place, value
        for key, each in value.items():
            if key not in {"example", "examples", "discriminator"}:
                pointer = key.replace("/", "~1")  # RFC 6901
                yield from _list_schemas(each, f"{place}/{pointer}".removeprefix("/"))


SCHEMA_KEYWORDS = {"schema", "items", "additionalProperties", "if", "then", "else"}
SCHEMA_PARENTS = ("components/schemas", "/properties", "/anyOf", "/oneOf", "/allOf")
SCHEMAS = dict(_list_schemas(contract.load_document(), ""))


def test_the_document_and_the_collection_are_up_to_date() -> None:
    for place, text in build_files().items():
        # Compared outside the assertion: its explanation would be hundreds of kilobytes.
        if place.read_text() != text:
            pytest.fail(f"{place.name} is not what the code says: run `make openapi`, commit it")


def test_every_route_is_a_separate_operation() -> None:
    operations = [each.values[0] for each in OPERATIONS]
    names = {operation["operationId"] for operation in operations}  # type: ignore[index,call-overload]
    assert len(names) == len(operations) == len(list_routes(app))


def test_every_schema_has_a_chosen_name() -> None:
    names = contract.load_document()["components"]["schemas"]
    assert [name for name in names if not re.fullmatch(r"([A-Z][a-z]+)+", name)] == []


def test_no_header_has_a_value_that_swagger_ui_would_send() -> None:
    """Swagger UI sends the example of a header, or the first value of a list, by default."""
    headers = contract.load_document()["components"]["parameters"].values()
    for header in (each for each in headers if each["in"] == "header"):
        first = header["schema"].get("anyOf", [header["schema"]])[0]
        assert not {"example", "examples"} & set(header), header["name"]
        assert not {"enum", "default", "example", "examples"} & set(first), header["name"]


def test_every_schema_has_a_type_that_generators_know() -> None:
    """Without one, a generated client has `unknown` or `Any` there."""
    untyped = {
        place
        for place, schema in SCHEMAS.items()
        if not {"type", "$ref", "anyOf"} & set(schema)
        and not place.endswith(("/if", "/then", "/else"))  # validators read these, clients don't
    }
    # The activity log has the values of fields of all types.
    activity = "components/schemas/Activity/properties"
    assert untyped == {f"{activity}/old", f"{activity}/new"}


def test_every_field_of_a_task_with_a_day_or_time_is_a_string_or_null() -> None:
    schemas = contract.load_document()["components"]["schemas"]
    for name in ("NewTask", "TaskPatch", "WholeTask", "Task", "TaskCard"):
        choices = schemas[name]["properties"]["due_date"]["anyOf"]
        assert [each["type"] for each in choices] == ["string", "null"]
        assert not {"anyOf", "format"} & set(choices[0])  # some generators make a date of these


def test_a_list_of_values_has_one_name_where_several_schemas_use_it() -> None:
    inline = [
        json.dumps(schema["enum"])
        for place, schema in SCHEMAS.items()
        if "enum" in schema and not re.fullmatch(r"components/schemas/\w+", place)
    ]
    named = [json.dumps(each["enum"]) for each in _components() if "enum" in each]
    assert [values for values, count in Counter(inline + named).items() if count > 1] == []


def test_an_object_with_fields_has_a_name() -> None:
    fields = [place for place, schema in SCHEMAS.items() if "properties" in schema]
    assert [each for each in fields if not re.fullmatch(r"components/schemas/\w+", each)] == []


def test_a_choice_between_objects_has_a_discriminator() -> None:
    for place, schema in SCHEMAS.items():
        objects = [each["$ref"] for each in schema.get("anyOf", []) if "$ref" in each]
        if len(objects) > 1:
            assert list(schema["discriminator"]["mapping"].values()) == objects, place


def test_no_field_of_a_body_has_a_default() -> None:
    """openapi-typescript makes such a field required; the description states the default."""
    fields = {place for place in SCHEMAS if place.startswith("components/schemas/")}
    assert [place for place in fields if "default" in SCHEMAS[place]] == []
    new_task = contract.load_document()["components"]["schemas"]["NewTask"]
    assert new_task["required"] == ["project", "title"]
    assert new_task["properties"]["priority"]["description"] == 'Default: `"medium"`.'


@pytest.mark.parametrize("route", list_routes(app), ids=lambda route: route.name)
def test_a_route_declares_its_response_or_has_none(route: Any) -> None:
    assert (route.returns is None) == (route.status == 204), "declare returns=... with gate.route"


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_example_matches_its_schema(operation: dict[str, Any]) -> None:
    request = operation.get("requestBody", {}).get("content", {})
    responses = (answer.get("content", {}) for answer in operation["responses"].values())
    for content in (request, *responses):
        for media in content.values():
            schemas = contract.load_document()["components"]["schemas"]
            whole = json.dumps({**media["schema"], "definitions": schemas})
            schema = json.loads(whole.replace("#/components/schemas/", "#/definitions/"))
            try:
                fastjsonschema.compile(schema)(media["example"])
            except fastjsonschema.JsonSchemaValueException as error:
                pytest.fail(f"{error.message}: name an example in infra/openapi/examples.py")
