"""`docs/openapi.json` is what the code and `docs/api.md` say now."""

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


def test_every_route_is_an_operation_of_its_own() -> None:
    operations = [each.values[0] for each in OPERATIONS]
    names = {operation["operationId"] for operation in operations}  # type: ignore[index,call-overload]
    assert len(names) == len(operations) == len(list_routes(app))


def test_every_schema_has_a_name_that_somebody_gave_it() -> None:
    names = contract.load_document()["components"]["schemas"]
    assert [name for name in names if not re.fullmatch(r"([A-Z][a-z]+)+", name)] == []


def test_no_condition_is_filled_in_for_who_tries_a_request_out() -> None:
    """Swagger UI sends an example of a header, and the first value of a list, unasked."""
    headers = contract.load_document()["components"]["parameters"].values()
    for header in (each for each in headers if each["in"] == "header"):
        first = header["schema"].get("anyOf", [header["schema"]])[0]
        assert not {"example", "examples"} & set(header), header["name"]
        assert not {"enum", "default", "example", "examples"} & set(first), header["name"]


@pytest.mark.parametrize("route", list_routes(app), ids=lambda route: route.name)
def test_a_route_says_what_it_gives_or_gives_nothing(route: Any) -> None:
    assert (route.returns is None) == (route.status == 204), "declare returns=... with gate.route"


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_example_is_what_its_schema_describes(operation: dict[str, Any]) -> None:
    taken = operation.get("requestBody", {}).get("content", {})
    given = (answer.get("content", {}) for answer in operation["responses"].values())
    for content in (taken, *given):
        for media in content.values():
            schemas = contract.load_document()["components"]["schemas"]
            whole = json.dumps({**media["schema"], "definitions": schemas})
            schema = json.loads(whole.replace("#/components/schemas/", "#/definitions/"))
            try:
                fastjsonschema.compile(schema)(media["example"])
            except fastjsonschema.JsonSchemaValueException as error:
                pytest.fail(f"{error.message}: name an example in infra/openapi/examples.py")
