"""The emulators that tests run on behave as DynamoDB does, except for these differences.

DynamoDB Local is AWS's own; where moto differs, a test of races or limits must not use it. A probe
whose result changes fails, so that a new release of an emulator is looked at.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib import settings
from localstack import cloud as local_cloud
from tests.dynamodb_local import use_local_table
from tests.table_items import dynamodb_client

Report = Callable[[str, object], None]

TABLE = {"TableName": settings.TABLE_NAME}
INVALID = "ValidationException"
CANCELED = "TransactionCanceledException"
FAILED = "ConditionalCheckFailedException"


def _key(pk: str, sk: str = "s") -> dict[str, Any]:
    return {"PK": {"S": pk}, "SK": {"S": sk}}


def _call(operation: str, **parameters: Any) -> Any:
    return dynamodb_client()._make_api_call(operation, parameters)


def _put(pk: str, sk: str = "s", **attributes: Any) -> None:
    _call("PutItem", **TABLE, Item=_key(pk, sk) | attributes)


def _transact(*writes: dict[str, Any], **options: Any) -> Any:
    return _call("TransactWriteItems", TransactItems=list(writes), **options)


def _new(pk: str, sk: str = "s", **attributes: Any) -> dict[str, Any]:
    put = TABLE | {"Item": _key(pk, sk) | attributes}
    return {"Put": put | {"ConditionExpression": "attribute_not_exists(PK)"}}


def _add(pk: str) -> dict[str, Any]:
    values = {":one": {"N": "1"}}
    update = {"UpdateExpression": "ADD n :one", "ExpressionAttributeValues": values}
    return {"Update": TABLE | {"Key": _key(pk)} | update}


def _replay() -> str:
    """The same transaction twice with one token happens once."""
    for _ in range(2):
        _transact(_new("replayed"), ClientRequestToken="one")
    return "accepted"


def _replay_increment() -> str:
    for _ in range(2):
        _transact(_add("increment"), ClientRequestToken="two")
    item = _call("GetItem", **TABLE, Key=_key("increment"), ConsistentRead=True)["Item"]
    return str(item["n"]["N"])


def _other_parameters() -> str:
    _transact(_new("first"), ClientRequestToken="three")
    _transact(_new("second"), ClientRequestToken="three")
    return "accepted"


def _one_item_twice() -> str:
    _transact(_new("twice"), _add("twice"))
    return "accepted"


def _too_large_transaction() -> str:
    text = {"text": {"S": "x" * 350_000}}
    _transact(*[_new("large", str(number), **text) for number in range(13)])
    return "accepted"


def _too_many_writes() -> str:
    _transact(*[_new("many", str(number)) for number in range(101)])
    return "accepted"


def _write_batch(*sort_keys: str) -> str:
    requests = [{"PutRequest": {"Item": _key("batch", sk)}} for sk in sort_keys]
    _call("BatchWriteItem", RequestItems={settings.TABLE_NAME: requests})
    return "accepted"


def _batch_of_26() -> str:
    return _write_batch(*map(str, range(26)))


def _batch_with_one_key_twice() -> str:
    return _write_batch("same", "same")


def _long_number() -> str:
    _put("number", n={"N": "1" * 39})
    return "accepted"


def _long_item() -> str:
    _put("long", text={"S": "x" * 410_000})
    return "accepted"


def _empty_key() -> str:
    _put("")
    return "accepted"


def _query(pk: str, **options: Any) -> Any:
    condition = {"KeyConditionExpression": "PK = :pk"}
    values = {":pk": {"S": pk}} | options.pop("values", {})
    return _call("Query", **TABLE, **condition, ExpressionAttributeValues=values, **options)


def _filter_on_a_key() -> str:
    _query("any", FilterExpression="SK = :sk", values={":sk": {"S": "s"}})
    return "accepted"


def _start_in_another_partition() -> str:
    _query("any", ExclusiveStartKey=_key("another"))
    return "accepted"


def _start_without_a_sort_key() -> str:
    _query("any", ExclusiveStartKey={"PK": {"S": "any"}})
    return "accepted"


def _page_of_a_megabyte() -> str:
    for number in range(30):
        _put("page", f"{number:02}", text={"S": "x" * 100_000})
    return str(_query("page")["Count"])


def _failed_condition() -> str:
    _put("there", n={"N": "7"})
    _call(
        "PutItem",
        **TABLE,
        Item=_key("there"),
        ConditionExpression="attribute_not_exists(PK)",
    )
    return "accepted"


def _reasons_in_the_order_of_the_writes() -> str:
    _put("taken")
    try:
        _transact(_new("free"), _new("taken"), _add("counter"))
    except ClientError as error:
        return " ".join(reason["Code"] for reason in error.response["CancellationReasons"])
    return "accepted"


def _item_of_a_failed_condition() -> str:
    _put("seen", n={"N": "7"})
    write = _new("seen")
    write["Put"]["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    try:
        _transact(write)
    except ClientError as error:
        return str(error.response["CancellationReasons"][0]["Item"]["n"]["N"])
    return "accepted"


def _missing_item_in_an_index() -> str:
    """An item without the keys of an index is not in it."""
    _put("sparse")
    found = _call(
        "Query",
        **TABLE,
        IndexName="by_wake",
        KeyConditionExpression="wake_key = :key",
        ExpressionAttributeValues={":key": {"S": "sparse"}},
    )
    return str(found["Count"])


def _sort_by_bytes() -> str:
    for name in ("a", "Z", "é", "~"):
        _put("sorted", name)
    return "".join(item["SK"]["S"] for item in _query("sorted")["Items"])


def _add_in_threads() -> str:
    """Transactions that add to one item at the same time are all carried out."""

    def add(_: int) -> None:
        for _ in range(10):
            _transact(_add("crowd"))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(8)))
    item = _call("GetItem", **TABLE, Key=_key("crowd"), ConsistentRead=True)["Item"]
    return str(item["n"]["N"])


# What DynamoDB Local, moto and ministack answer. None: it is another answer each time.
PROBES: dict[Callable[[], str], tuple[str, str | None, str]] = {
    _replay: ("accepted", CANCELED, "accepted"),
    _replay_increment: ("1", "2", "1"),
    _other_parameters: (
        "IdempotentParameterMismatchException",
        "accepted",
        "IdempotentParameterMismatchException",
    ),
    _one_item_twice: (INVALID, INVALID, INVALID),
    _too_large_transaction: (INVALID, "accepted", INVALID),
    _too_many_writes: (INVALID, INVALID, INVALID),
    _batch_of_26: (INVALID, "accepted", INVALID),
    _batch_with_one_key_twice: (INVALID, INVALID, INVALID),
    _long_number: (INVALID, "accepted", INVALID),
    _long_item: (INVALID, INVALID, INVALID),
    _empty_key: (INVALID, INVALID, INVALID),
    _filter_on_a_key: (INVALID, "accepted", "accepted"),
    _start_in_another_partition: (INVALID, "accepted", INVALID),
    _start_without_a_sort_key: (INVALID, "accepted", INVALID),
    _page_of_a_megabyte: ("11", "9", "10"),
    _failed_condition: (FAILED, FAILED, FAILED),
    _reasons_in_the_order_of_the_writes: (
        "None ConditionalCheckFailed None",
        "None ConditionalCheckFailed None",
        "None ConditionalCheckFailed None",
    ),
    _item_of_a_failed_condition: ("7", "7", "7"),
    _missing_item_in_an_index: ("0", "0", "0"),
    _sort_by_bytes: ("Za~é", "Za~é", "Za~é"),
    _add_in_threads: ("80", None, "80"),
}


def _run(probe: Callable[[], str]) -> str:
    try:
        return probe()
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    except BotoCoreError as error:
        return type(error).__name__


def _find_differences(backend: int, report: Report) -> dict[str, tuple[str, str]]:
    """Run the probes; return the answers of those that are not as expected, and the expected."""
    expected = {probe: answers[backend] for probe, answers in PROBES.items()}
    found = {probe: _run(probe) for probe, answer in expected.items() if answer is not None}
    report("cases", len(found))
    return {
        probe.__name__: (answer, str(expected[probe]))
        for probe, answer in found.items()
        if answer != expected[probe]
    }


@pytest.mark.usefixtures("local_table")
def test_dynamodb_local_answers_as_aws_documents(record_property: Report) -> None:
    assert _find_differences(0, record_property) == {}


@pytest.mark.usefixtures("cloud")
def test_moto_differs_from_dynamodb_only_where_it_is_known(record_property: Report) -> None:
    assert _find_differences(1, record_property) == {}


@pytest.fixture
def ministack_table(cloud: None, tmp_path: Path) -> Iterator[None]:
    """Use a table in a local cloud without the stack."""
    port = local_cloud.find_free_port()
    process = local_cloud.start(port, tmp_path)
    try:
        with use_local_table(local_cloud.get_endpoint(port), "lean"):
            yield
    finally:
        local_cloud.stop(process)


@pytest.mark.proof
@pytest.mark.usefixtures("ministack_table")
def test_ministack_differs_from_dynamodb_only_where_it_is_known(record_property: Report) -> None:
    assert _find_differences(2, record_property) == {}
