"""Copy the tasks of a project in DynamoDB Local until it is large.

A task of the API is a template: all items that the transaction of its create wrote are copied as
text, with another id, number and due date. What the stream adds later, activity and search terms,
is left out: no measured request reads it. DynamoDB Local writes one item after the other, so more
than two processes that send batches are not faster.
"""

import json
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from http.client import HTTPConnection
from random import Random
from typing import Any
from urllib.parse import urlsplit

PROCESSES = 2
# The copies of one call of a process.
CHUNK = 2_500
BATCH_ITEMS = 25
# The due date of the templates; the copies are due on it or in the 999 days after.
DUE_DATE, DUE_DAYS = date(2030, 1, 1), 1_000
ID_LENGTH, TIME_LENGTH = 26, 10
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
# DynamoDB Local requires a signature, but does not check it.
_HEADERS = {
    "Content-Type": "application/x-amz-json-1.0",
    "X-Amz-Date": "20261101T000000Z",
    "X-Amz-Target": "DynamoDB_20120810.BatchWriteItem",
    "Authorization": "AWS4-HMAC-SHA256 Credential=test/20261101/us-east-1/dynamodb/aws4_request, "
    "SignedHeaders=host, Signature=0",
}

Item = dict[str, Any]


@dataclass(frozen=True)
class Template:
    """A task to copy: its id, its number, and its items as put requests in DynamoDB's JSON."""

    task_id: str
    number: str
    requests: tuple[str, ...]

    def copy(self, number: int) -> Iterator[str]:
        """Yield the put requests of the copy with that task number."""
        random = Random(number)
        suffix = "".join(random.choices(_CROCKFORD, k=ID_LENGTH - TIME_LENGTH))
        # The first characters of an id are its time: tasks stay in the order of creation.
        task_id = self.task_id[:TIME_LENGTH] + suffix
        due_date = DUE_DATE + timedelta(days=random.randrange(DUE_DAYS))
        for request in self.requests:
            yield (
                request.replace(self.task_id[:ID_LENGTH], task_id)
                .replace(str(DUE_DATE), str(due_date))
                .replace(f'"NUMBER#{self.number}"', f'"NUMBER#{number}"')
                .replace(f'"number": {{"N": "{self.number}"}}', f'"number": {{"N": "{number}"}}')
            )


def copy_tasks(address: str, table: str, items: list[Item], project: str, size: int) -> None:
    """Copy the project's tasks, which are among `items`, until it has `size` tasks."""
    templates = _find_templates(items, project)
    write = partial(_write_copies, address, table, templates)
    chunks = [
        range(start, min(start + CHUNK, size + 1))
        for start in range(len(templates) + 1, size + 1, CHUNK)
    ]
    written = 0
    with ProcessPoolExecutor(PROCESSES) as processes:
        for count in processes.map(write, chunks):
            written += count
            if written % (4 * CHUNK) == 0:
                print(f"  {written:>9,} of {size:,} tasks", flush=True)
    last = {"PK": {"S": f"PROJECT#{project}"}, "SK": {"S": "NUMBERS"}, "last": {"N": str(size)}}
    put_items(address, table, [last])


def put_items(address: str, table: str, items: list[Item]) -> None:
    """Put items in DynamoDB's JSON into the table."""
    connection = _connect(address)
    requests = [json.dumps({"PutRequest": {"Item": item}}) for item in items]
    for start in range(0, len(requests), BATCH_ITEMS):
        _send(connection, table, requests[start : start + BATCH_ITEMS])


def _find_templates(items: list[Item], project: str) -> list[Template]:
    partition = [item for item in items if item["PK"]["S"] == f"PROJECT#{project}"]
    templates = []
    for task in partition:
        kind, _, task_id = task["SK"]["S"].partition("#")
        if kind != "TASK":
            continue
        number = task["number"]["N"]
        keys = {f"TASK#{task_id}", f"NUMBER#{number}"}
        own = [
            item
            for item in partition
            if (key := item["SK"]["S"]) in keys or (key.startswith("BY#") and task_id in key)
        ]
        requests = tuple(json.dumps({"PutRequest": {"Item": item}}) for item in own)
        templates.append(Template(task_id, number, requests))
    return templates


def _write_copies(address: str, table: str, templates: list[Template], numbers: range) -> int:
    """Write the copies with these task numbers; return how many they are."""
    connection, batch = _connect(address), list[str]()
    for number in numbers:
        batch += templates[number % len(templates)].copy(number)
        while len(batch) >= BATCH_ITEMS:
            _send(connection, table, batch[:BATCH_ITEMS])
            del batch[:BATCH_ITEMS]
    if batch:
        _send(connection, table, batch)
    return len(numbers)


def _connect(address: str) -> HTTPConnection:
    return HTTPConnection(urlsplit(address).netloc)


def _send(connection: HTTPConnection, table: str, requests: list[str]) -> None:
    body = f'{{"RequestItems": {{"{table}": [{",".join(requests)}]}}}}'
    connection.request("POST", "/", body, _HEADERS)
    response = connection.getresponse()
    answer = response.read()
    if response.status != 200 or json.loads(answer)["UnprocessedItems"]:
        raise RuntimeError(f"BatchWriteItem: {answer.decode()}")
