"""`docs/collection.http`: its requests work as they stand, once those before them were sent."""

import re
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path
from typing import Any

from chalice.test import Client

from tests import contract

COLLECTION = Path(__file__).parents[2] / "docs" / "collection.http"
MAKERS = [
    "registerAccount",
    "logIn",
    "createProject",
    "createTask",
    "createLabel",
    "createComment",
    "createAttachment",
    "createProjectExport",
    "createApiToken",
]
# For site staff; asking for one of two; and of a file that has not arrived, or comes whole.
LEFT_OUT = {"listAccounts", "findUser", "downloadAttachment", "listAttachmentParts"}


@dataclass
class Editor:
    """Sends requests of the collection as an editor does."""

    client: Client
    answers: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        head, *requests = re.split(r"^###.*\n", COLLECTION.read_text(), flags=re.M)
        self.variables = dict(re.findall(r"^@(\w+) = (.+)$", head, re.M))
        self.requests = {re.match(r"# @name (\w+)", each)[1]: each for each in requests}  # type: ignore[index]

    def send(self, name: str) -> int:
        text = self._filled(self.requests[name])
        head, _, body = text.partition("\n\n")
        lines = [line for line in head.splitlines() if not line.startswith("#")]
        method, url = lines[0].split(" ")
        headers = dict(line.split(": ", 1) for line in lines[1:])
        path = url.removeprefix("http://localhost:8000")
        answer = self.client.http.request(method, path, headers=headers, body=body.encode())
        self.answers[name] = answer
        return int(answer.status_code)

    def can_send(self, name: str) -> bool:
        return "{{" not in self._filled(self.requests[name]) and "=\n" not in self.requests[name]

    def _filled(self, text: str) -> str:
        return re.sub(r"{{([^}]+)}}", lambda found: self._value(found[1]), text)

    def _value(self, name: str) -> str:
        if name in self.variables:
            return self._filled(self.variables[name])
        request, _, way = name.partition(".response.body.$.")
        if request not in self.answers:
            return "{{unknown}}"
        return str(
            reduce(lambda value, key: value[key], way.split("."), self.answers[request].json_body)
        )


def test_what_the_collection_makes_can_be_read_by_it(client: Client) -> None:
    editor = Editor(client)
    made = {name: editor.send(name) for name in MAKERS}
    assert set(made.values()) <= {200, 201, 202}, made
    reads = {
        name
        for name, request in editor.requests.items()
        if re.search("^GET ", request, re.M) and editor.can_send(name)
    }
    assert len(reads) > 20
    read = {name: editor.send(name) for name in reads - LEFT_OUT}
    assert {name: status for name, status in read.items() if status != 200} == {}


def test_every_operation_has_its_request(client: Client) -> None:
    described = {
        operation["operationId"]
        for path in contract.load_document()["paths"].values()
        for operation in path.values()
    }
    assert set(Editor(client).requests) == described
