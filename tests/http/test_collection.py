"""`docs/collection.http`: each request works once the requests before it were sent."""

import re
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path
from typing import Any

from chalice.test import Client

from tests import contract
from tests.support import in_hours

COLLECTION = Path(__file__).parents[2] / "docs" / "collection.http"
CREATING = [
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
FOR_SITE_STAFF = {"listAccounts", "listAudit", "listMails", "getDeadLetters"}
# In this order: needs one of two parameters; the file was not uploaded; the upload is not a
# multipart upload.
IN_THIRTY_DAYS = "$datetime iso8601 30 d"  # a system variable of the REST Client
LEFT_OUT = FOR_SITE_STAFF | {"findUser", "downloadAttachment", "listAttachmentParts"}


@dataclass
class Editor:
    """Sends requests of the collection as an HTTP client in an editor does."""

    client: Client
    answers: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        head, *requests = re.split(r"^###.*\n", COLLECTION.read_text(), flags=re.M)
        self.variables = dict(re.findall(r"^@(\w+) = (.+)$", head, re.M))
        self.requests = {re.match(r"# @name (\w+)", each)[1]: each for each in requests}  # type: ignore[index]

    def send(self, name: str) -> int:
        text = self._fill(self.requests[name])
        head, _, body = text.partition("\n\n")
        lines = [line for line in head.splitlines() if not line.startswith("#")]
        method, url = lines[0].split(" ")
        headers = dict(line.split(": ", 1) for line in lines[1:])
        path = url.removeprefix("http://localhost:8000")
        answer = self.client.http.request(method, path, headers=headers, body=body.encode())
        self.answers[name] = answer
        return int(answer.status_code)

    def can_send(self, name: str) -> bool:
        return "{{" not in self._fill(self.requests[name]) and "=\n" not in self.requests[name]

    def _fill(self, text: str) -> str:
        return re.sub(r"{{([^}]+)}}", lambda match: self._resolve(match[1]), text)

    def _resolve(self, name: str) -> str:
        if name in self.variables:
            return self._fill(self.variables[name])
        if name == IN_THIRTY_DAYS:
            return in_hours(24 * 30)
        request, _, json_path = name.partition(".response.body.$.")
        if request not in self.answers:
            return "{{unknown}}"
        return str(
            reduce(
                lambda value, key: value[key], json_path.split("."), self.answers[request].json_body
            )
        )


def test_objects_that_the_collection_creates_can_be_read_with_it(client: Client) -> None:
    editor = Editor(client)
    created = {name: editor.send(name) for name in CREATING}
    assert set(created.values()) <= {200, 201, 202}, created
    reads = {
        name
        for name, request in editor.requests.items()
        if re.search("^GET ", request, re.M) and editor.can_send(name)
    }
    assert len(reads) > 20
    read = {name: editor.send(name) for name in reads - LEFT_OUT}
    assert {name: status for name, status in read.items() if status != 200} == {}


def test_every_operation_has_a_request(client: Client) -> None:
    described = {
        operation["operationId"]
        for path in contract.load_document()["paths"].values()
        for operation in path.values()
    }
    assert set(Editor(client).requests) == described
