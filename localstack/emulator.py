"""Run ministack with three changes: faster starts of workers, a state that survives a restart, and
the action that policies name for batches of SQS.

- `ZipFile.extractall` unpacks each archive once. ministack unpacks a function's code (2,000 files)
  for each of its workers, which takes about as long as the rest of a worker's start.
- The state holds the unread records of the tables' streams, and it is saved every few seconds, at
  a moment between two requests. ministack saves the positions of its stream consumers, but not the
  records: after a restart a consumer would skip as many new records as it had read before. It saves
  at an orderly stop only, so that `kill -9` would lose everything. See
  docs/decisions/0005-ministack-as-the-local-cloud.md.
- `SendMessageBatch` needs the action `sqs:SendMessage`, as on AWS. ministack asks for one with the
  name of the call, which does not exist there.

This script runs in .local/cloud-venv in place of `-m ministack`. It assumes that ministack unpacks
with `zipfile` into an empty folder, and the names of ministack that it uses below; the version is
pinned. Code folders are read-only, as in Lambda.
"""

import asyncio
import copy
import hashlib
import os
import pickle
import runpy
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar
from zipfile import ZipFile

SAVE_SECONDS = 5

T = TypeVar("T")

_original_extractall = ZipFile.extractall
_unpack_lock, _save_lock = threading.Lock(), threading.Lock()


def _unpack_once(archive: ZipFile) -> Path:
    """Return the folder with the archive's content; it exists as long as this process runs."""
    assert archive.fp is not None
    archive.fp.seek(0)
    digest = hashlib.file_digest(archive.fp, "sha256").hexdigest()  # type: ignore[arg-type]
    folder = Path(tempfile.gettempdir(), "unpacked", digest)
    with _unpack_lock:
        if not folder.exists():
            unfinished = folder.with_suffix(".part")
            _original_extractall(archive, unfinished)
            unfinished.rename(folder)
    return folder


def _extract_as_link(archive: ZipFile, path: str) -> None:
    """Replace the empty folder `path` by a link to the archive's content."""
    folder = _unpack_once(archive)
    Path(path).rmdir()
    Path(path).symlink_to(folder)


def _keep_stream_records(persistence: Any, dynamodb: Any, functions: Any) -> None:
    """Save the tables together with the stream records that a consumer has not read, and with the
    consumers' positions, all as they are at one moment between two requests.

    ministack handles the requests to DynamoDB on its event loop, one after the other. A copy that
    another thread makes meanwhile could have a part of a transaction, or a position whose records
    are not in the copy of the tables. `dynamodb` and `functions` are the modules of ministack's
    services. A state that was saved without records gets positions at the beginning of the new,
    empty stream.
    """
    save_all, load_state = persistence.save_all, functions.load_persisted_state
    dynamodb.copy = SimpleNamespace(copy=copy.copy, deepcopy=_copy_by_pickle)

    def take_tables_and_stream() -> tuple[dict[str, Any], dict[str, Any]]:
        with dynamodb._lock, functions._dynamodb_stream_positions_lock:
            positions = copy.deepcopy(functions._dynamodb_stream_positions)
            return dynamodb.get_state(), {
                "dynamodb_stream_positions": positions,
                "unread_stream_records": _list_unread_records(dynamodb, positions),
            }

    def save_together(services: dict[str, Any]) -> None:
        tables, stream = _run_on_event_loop(take_tables_and_stream)
        get_functions = services["lambda"]
        parts = {"dynamodb": lambda: tables, "lambda": lambda: get_functions() | stream}
        save_all(services | parts)

    def load_state_with_records(state: dict[str, Any]) -> None:
        unread = state.pop("unread_stream_records", None)
        for account, region, table, first, records in unread or ():
            dynamodb._stream_records.set_scoped(account, region, table, records)
            dynamodb._stream_trimmed.set_scoped(account, region, table, first)
        ends = [first + len(records) for _, _, _, first, records in unread or ()]
        positions: Any = state["dynamodb_stream_positions"]
        for key, position in positions.all_items():
            positions._data[key] = min(position, max(ends, default=0))
        load_state(state)

    persistence.save_all = save_together
    functions.load_persisted_state = load_state_with_records


def _list_unread_records(dynamodb: Any, positions: Any) -> list[list[Any]]:
    """Return account, region, table, position of the first record, and records of each stream."""
    unread = []
    for (account, region, table), records in dynamodb._stream_records.all_items():
        trimmed = dynamodb._stream_trimmed.get_scoped(account, region, table, 0)
        first = max(trimmed, min((each for _, each in positions.all_items()), default=trimmed))
        left = _copy_by_pickle(records[first - trimmed :])
        unread.append([account, region, table, first, left])
    return unread


def _copy_by_pickle(value: Any) -> Any:
    """Copy a value in a quarter of the time of `copy.deepcopy`: requests wait for it."""
    try:
        return pickle.loads(pickle.dumps(value, pickle.HIGHEST_PROTOCOL))
    except (AttributeError, TypeError, pickle.PicklingError):
        return copy.deepcopy(value)


def _run_on_event_loop(function: Callable[[], T]) -> T:
    """Call the function between two requests. At an orderly stop, this is the loop's thread."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run_coroutine_threadsafe(
            _call(function), sys.modules["ministack.app"]._MAIN_LOOP
        ).result()
    return function()


async def _call(function: Callable[[], T]) -> T:
    return function()


def _save_regularly(persistence: Any) -> None:
    """Save the state of all services every few seconds, as ministack does when it stops."""
    save_state = persistence.save_state

    def save_state_alone(service: str, data: dict[str, Any]) -> None:
        with _save_lock:  # a service's file has one name while it is being written
            save_state(service, data)

    def save_until_the_process_ends() -> None:
        while not _accepts_connections():  # it does once the saved state is loaded
            time.sleep(0.5)
        app = sys.modules["ministack.app"]
        while True:
            time.sleep(SAVE_SECONDS)
            persistence.save_all(app._build_persistence_save_dict())

    persistence.save_state = save_state_alone
    threading.Thread(target=save_until_the_process_ends, name="save", daemon=True).start()


def _accepts_connections() -> bool:
    try:
        socket.create_connection(("127.0.0.1", int(os.environ["GATEWAY_PORT"])), 1).close()
    except OSError:
        return False
    return True


def _name_actions_as_aws(iam_actions: Any) -> None:
    """Check `SendMessageBatch` against the action `sqs:SendMessage`, as AWS does."""
    extract = iam_actions.extract_iam_action

    def extract_iam_action(*arguments: Any, **options: Any) -> Any:
        action = extract(*arguments, **options)
        return "sqs:SendMessage" if action == "sqs:SendMessageBatch" else action

    iam_actions.extract_iam_action = extract_iam_action


if __name__ == "__main__":
    from ministack.core import iam_actions, persistence  # type: ignore[import-not-found]
    from ministack.services import dynamodb, lambda_svc  # type: ignore[import-not-found]

    ZipFile.extractall = _extract_as_link  # type: ignore[method-assign, assignment]
    _name_actions_as_aws(iam_actions)
    if persistence.PERSIST_STATE:
        _keep_stream_records(persistence, dynamodb, lambda_svc)
        _save_regularly(persistence)
    runpy.run_module("ministack", run_name="__main__", alter_sys=True)
