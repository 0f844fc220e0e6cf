"""The document as requests to be sent from an editor: `docs/collection.http`.

Written as the REST Client of VS Code reads it, and whatever else knows `.http` files. An id in a
path is taken from the answer of the request that makes such a thing.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from infra.openapi.schemas import REF

Json = dict[str, Any]

_HEAD = """\
# Made by `make openapi` from docs/openapi.json: every request of the API, with an example.
# Register, log in, and the others are sent on your behalf. An id comes from the answer of the
# request that makes such a thing; send that first, or write an id of yours instead.

@host = http://localhost:8000
@token = {{auth_log_in.response.body.$.access}}
"""


def text(document: Json) -> str:
    paths: Json = document["paths"]
    variables = [f"@{name} = {value}".rstrip() for name, value in _ids(document).items()]
    requests = [
        _request(method, path, operation, document)
        for path, operations in paths.items()
        for method, operation in operations.items()
    ]
    return "\n".join([_HEAD + "\n".join(variables), "", *requests])


def _ids(document: Json) -> dict[str, str]:
    """Where each id in a path comes from; empty for what nothing makes."""
    found: dict[str, str] = {}
    for path in document["paths"]:
        for before, name in _parameters(path):
            found[name] = found.get(name) or _maker(document, before)
    return dict(sorted(found.items()))


def _parameters(path: str) -> list[tuple[str, str]]:
    """Each parameter of `path`, behind what stands before it."""
    return [(path[: each.start() - 1], each[1]) for each in re.finditer(r"{(\w+)}", path)]


def _maker(document: Json, path: str) -> str:
    """The id in the answer of `POST path`."""
    operation = document["paths"].get(path, {}).get("post")
    if operation is None:
        return ""
    success = next(iter(operation["responses"].values()))
    schema = _json(success).get("schema", {})
    fields = _resolved(schema, document).get("properties", {})
    inner = next((f"{name}." for name in fields if name == "attachment"), "")
    known = "id" in fields or inner
    return f"{{{{{operation['operationId']}.response.body.$.{inner}id}}}}" if known else ""


def _request(method: str, path: str, operation: Json, document: Json) -> str:
    return "\n".join([*_lines(method, path, operation, document), ""])


def _lines(method: str, path: str, operation: Json, document: Json) -> Iterator[str]:
    query = [each for each in operation["parameters"] if each.get("in") == "query"]
    optional = ", ".join(each["name"] for each in query if not each["required"])
    needed = "&".join(f"{each['name']}=" for each in query if each["required"])
    yield f"### {operation['tags'][0]}: {operation['summary']}"
    yield f"# @name {operation['operationId']}"
    if optional:
        yield f"# In the query, if you like: {optional}"
    address = path.replace("{", "{{").replace("}", "}}")
    yield f"{method.upper()} {{{{host}}}}{address}{'?' if needed else ''}{needed}"
    if operation["security"]:
        yield "Authorization: Bearer {{token}}"
    if "requestBody" in operation:
        yield "Content-Type: application/json"
        yield ""
        yield json.dumps(_body(operation["requestBody"], document), indent=2, ensure_ascii=False)


def _body(described: Json, document: Json) -> Json:
    """What is needed of the example, or all of it where nothing is; of the caller's own project."""
    media = _json(described)
    needed = _resolved(media["schema"], document).get("required") or media["example"]
    example = {name: value for name, value in media["example"].items() if name in needed}
    return {**example, "project": "{{project_id}}"} if "project" in example else example


def _json(described: Json) -> Json:
    found: Json = described.get("content", {}).get("application/json", {})
    return found


def _resolved(schema: Json, document: Json) -> Json:
    if "anyOf" in schema:
        return _resolved(schema["anyOf"][0], document)
    if "$ref" not in schema:
        return schema
    found: Json = document["components"]["schemas"][schema["$ref"].removeprefix(REF)]
    return found
