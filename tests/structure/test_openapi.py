"""`docs/openapi.json` agrees with the code and with `docs/api.md`."""

import json
import re
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
