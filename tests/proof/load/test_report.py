"""`Report` finds unintended responses, and acknowledged writes that are missing."""

from typing import Any

import pytest

from tests.proof.load.report import Report

SAVED, KILLED, RESTARTED = 10.0, 15.0, 20.0


def _report(**line: Any) -> Report:
    usual = {"at": 5.0, "seconds": 0.1, "kind": "change", "status": 200, "version": 3}
    task = {"task": "t1", "path": "/tasks/t1"}
    return Report([usual | task | line], SAVED, KILLED, RESTARTED)


def _row(task: str, version: int) -> Any:
    return {"SK": {"S": f"TASK#{task}"}, "version": {"N": str(version)}}


@pytest.mark.parametrize("status", [0, 400, 401, 404, 422, 500, 503])
def test_an_answer_that_is_not_intended_is_an_error(status: int) -> None:
    assert len(_report(status=status).errors) == 1


@pytest.mark.parametrize("status", [200, 204, 409, 412, 429])
def test_a_success_and_a_lost_race_are_no_errors(status: int) -> None:
    assert _report(status=status).errors == []


def test_during_the_outage_the_service_may_be_unavailable() -> None:
    assert _report(at=17.0, status=503).errors == []
    assert _report(at=17.0, status=500).errors != []
    assert _report(at=30.0, status=503).errors != []


def test_while_the_cloud_does_not_answer_the_service_may_be_unavailable() -> None:
    (line,) = _report(at=30.0, seconds=6.5, status=503).lines
    assert Report([line], SAVED, KILLED, RESTARTED, [(25.0, 26.0)]).errors == []
    assert Report([line], SAVED, KILLED, RESTARTED, [(22.0, 23.0)]).errors == [line]


def test_a_task_may_be_missing_if_it_was_written_after_the_save() -> None:
    written = _report(at=12.0).lines[0]
    read = {**written, "at": 25.0, "kind": "read", "status": 404}
    assert Report([written, read], SAVED, KILLED, RESTARTED).errors == []
    saved = {**written, "at": 9.0}
    assert Report([saved, read], SAVED, KILLED, RESTARTED).errors == [read]


@pytest.mark.parametrize("at", [5.0, 25.0])
def test_a_write_that_has_to_be_stored_is_missed(at: float) -> None:
    assert _report(at=at).find_missing([]) != []
    assert _report(at=at).find_missing([_row("t1", 2)]) != []
    assert _report(at=at).find_missing([_row("t1", 3)]) == []


def test_a_write_after_the_save_may_be_missing() -> None:
    assert _report(at=12.0).find_missing([]) == []
