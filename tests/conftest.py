"""The environment of every test, set before the app is imported: settings are read at import."""

import gc
import json
import os
import shutil
from datetime import UTC, datetime, timedelta

os.environ.update(
    {
        "STAGE": "test",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "TABLE_NAME": "tasks-test",
        "BUCKET_NAME": "tasks-test-files",
        "SECRET_ID": "task-manager/test",
        "MAIL_SENDER": "tasks@example.com",
        "MAIL_CONFIGURATION_SET": "task-manager-test",
        "REMINDER_HOUR": "9",
        "API_URL": "https://api.example.com/v1",
        "JOB_WORKER": "run-jobs",
        "APP_URL": "https://app.example.com",
        "ALLOWED_ORIGINS": "https://app.example.com,https://m.example.com",
        "UPLOAD_MAX_BYTES": str(25 * 1024 * 1024),
        "UPLOAD_FORM_MAX_BYTES": str(6 * 1024 * 1024),
        "UPLOAD_TYPES": "image/*,text/*,application/*",
        "TASK_MAX_FILES": "30",
        "TASK_MAX_BYTES": str(40 * 1024 * 1024),
        "PROJECT_MAX_BYTES": str(60 * 1024 * 1024),
        "FILES_KEPT_DAYS": "30",
        # One in 3,000,000 is noted in the table: none where calls are counted.
        "READS_PER_MINUTE": "60000000",
        "WRITES_PER_MINUTE": "60000000",
        "POWERTOOLS_SERVICE_NAME": "task-manager",
        "POWERTOOLS_METRICS_NAMESPACE": "TaskManager",
        "POWERTOOLS_METRICS_DISABLED": "true",
    }
)
for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
    os.environ.pop(name, None)

from collections.abc import Callable, Iterator  # noqa: E402
from functools import cache  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

import argon2  # noqa: E402
import pytest  # noqa: E402
import time_machine  # noqa: E402
from chalice.local import LambdaContext  # noqa: E402
from chalice.test import Client  # noqa: E402
from moto import mock_aws  # noqa: E402
from xdist.scheduler import LoadScopeScheduling  # noqa: E402

from tests import permissions  # noqa: E402
from tests.dynamodb_local import dynamodb_local, table_at  # noqa: E402
from tests.moto_shortcuts import shortcuts  # noqa: E402
from tests.support import Api, Person, Residents, make_cloud, quota_of, ticked_lately  # noqa: E402
from tests.table_stream import TaskStream  # noqa: E402

ROOT = Path(__file__).parents[1]
# What takes longest begins first.
TOGETHER = {
    "cloud": ("tests/live/",),
    "database": ("tests/store/",),
    "deployment": ("tests/live/test_deployment.py",),
    "strict cloud": (
        "tests/live/test_permissions.py",
        "tests/live/test_attachments_in_",
        "tests/live/test_schema_in_",  # shares the browser
    ),
    "matrix": ("tests/access/test_access_matrix.py",),
    "builds": ("tests/infra/",),
}

permissions.record()
# Checking a password takes 45 ms by design; tests sign the same people in hundreds of times.
argon2._password_hasher.verify_secret = cache(argon2._password_hasher.verify_secret)


class Scheduling(LoadScopeScheduling):
    """Each test goes to the next free worker, but for those that share a cloud, a database, a world
    or a build that takes long to make: they stay together, and begin first."""

    def _split_scope(self, nodeid: str) -> str:
        return _group(nodeid) or nodeid


def _group(nodeid: str) -> str | None:
    """The one with the longest beginning in common."""
    fitting = [
        (len(start), group)
        for group, starts in TOGETHER.items()
        for start in starts
        if nodeid.startswith(start)
    ]
    return max(fitting)[1] if fitting else None


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: whoever has the live tests mostly waits."""
    return (os.cpu_count() or 1) + 1


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduling:
    config.option.loadscopereorder = False
    return Scheduling(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: (*TOGETHER, None).index(_group(item.nodeid)))


def pytest_collection_finish() -> None:
    """What is there now stays to the end: the collector of garbage need not look at it again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # the workers come later, and write beside each other
        shutil.rmtree(permissions.FOLDER, ignore_errors=True)


def pytest_sessionfinish(session: pytest.Session) -> None:
    config = session.config
    permissions.save(getattr(config, "workerinput", {}).get("workerid", "main"))
    if hasattr(config, "workerinput") or session.exitstatus != pytest.ExitCode.OK:
        return
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    for difference in permissions.differences(whole=_all_ran(config, reporter.stats)):
        reporter.write_line(f"\nerror: policies and calls differ: {difference}", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _all_ran(config: pytest.Config, outcomes: dict[str, Any]) -> bool:
    """Whether this was `make test`, nothing chosen and nothing skipped."""
    chosen = config.option.keyword or config.option.collectonly
    all_files = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    usual = config.option.markexpr == "not proof"
    return all_files and usual and not chosen and not outcomes.get("skipped")


@pytest.fixture(scope="session")
def emulator() -> Iterator[None]:
    """AWS in this process; one for all tests, because making clients is what takes the time. Moto's
    account may send one mail a second; nobody wants to wait for that."""
    with mock_aws(), shortcuts(), quota_of(1_000_000):
        yield


@pytest.fixture
def cloud(emulator: None) -> None:
    """The resources of the stack, with nothing left of another test."""
    make_cloud()


@pytest.fixture
def client(cloud: None) -> Iterator[Client]:
    from app import app

    with Client(app) as client:
        yield client


@pytest.fixture
def anyone(client: Client) -> Api:
    """Nobody in particular, without a token."""
    return Api(client)


@pytest.fixture(scope="session")
def residents() -> Residents:
    return Residents()


@pytest.fixture
def resident(client: Client, residents: Residents) -> Callable[[str], Person]:
    """Somebody more who signed up before the test began: `resident("cleo")`."""
    return lambda name: residents.move_in(client, name)


@pytest.fixture
def ann(resident: Callable[[str], Person]) -> Person:
    return resident("ann")


@pytest.fixture
def bob(resident: Callable[[str], Person]) -> Person:
    return resident("bob")


@pytest.fixture
def event() -> Callable[[str], dict[str, Any]]:
    """The sample event of a function, from `events/`."""
    folder = ROOT / "events"

    def load(name: str) -> dict[str, Any]:
        sample: dict[str, Any] = json.loads((folder / f"{name}.json").read_text())
        return sample

    return load


@pytest.fixture
def invoke(client: Client) -> Callable[[str, dict[str, Any]], Any]:
    """Call a function by name, as Lambda does, and get its answer."""
    from app import app

    def call(name: str, event: dict[str, Any]) -> Any:
        context = LambdaContext(name, memory_size=512, max_runtime_ms=_seconds(name) * 1000)
        with permissions.on_behalf(name):
            return app.handler_map[name](event, context)

    return call


@pytest.fixture
def stream(invoke: Callable[[str, dict[str, Any]], Any]) -> TaskStream:
    """The changes of tasks from here on."""
    return TaskStream(invoke)


def _seconds(function: str) -> int:
    """How long a function may run."""
    config = json.loads((ROOT / ".chalice" / "config.json").read_text())
    own: dict[str, Any] = config["lambda_functions"].get(function, {})
    return int(own.get("lambda_timeout", config["lambda_timeout"]))


@pytest.fixture(scope="session")
def engine() -> Iterator[str]:
    """The address of DynamoDB Local."""
    with dynamodb_local() as address:
        yield address


@pytest.fixture
def real_table(cloud: None, engine: str) -> Iterator[None]:
    """The table in AWS's own engine; everything else stays in moto."""
    with table_at(engine):
        ticked_lately()
        yield


@pytest.fixture
def wait() -> Iterator[Callable[..., None]]:
    """Let time pass: `wait(seconds=11)`."""
    with time_machine.travel(datetime.now(UTC)) as traveller:
        yield lambda **time: traveller.shift(timedelta(**time))


@pytest.fixture
def hashes() -> Iterator[list[str]]:
    """Grows by one with each password that argon2 checks."""
    counted: list[str] = []
    verify = argon2._password_hasher.verify_secret

    def counting(*arguments: Any) -> bool:
        counted.append("checked")
        return verify(*arguments)

    argon2._password_hasher.verify_secret = counting
    yield counted
    argon2._password_hasher.verify_secret = verify


@pytest.fixture
def signing_keys(cloud: None) -> Iterator[Callable[..., None]]:
    """Change the secret, and forget what was read of it, as a new process has."""
    from chalicelib import settings
    from chalicelib.aws import clients
    from chalicelib.aws import secrets as aws_secrets

    def change(**keys: str) -> None:
        text = json.dumps(keys)
        clients.secrets_manager_client().put_secret_value(
            SecretId=settings.SECRET_ID, SecretString=text
        )
        aws_secrets._cached = None

    yield change
    aws_secrets._cached = None


@pytest.fixture
def pass_by(wait: Callable[..., None]) -> Callable[..., None]:
    """Let days and two hours go by, in which the tick has run as it should: `pass_by(days=7)`."""

    def pass_by(days: int) -> None:
        wait(days=days)
        ticked_lately()
        wait(hours=2)

    return pass_by


@pytest.fixture
def at(cloud: None) -> Iterator[Callable[..., None]]:
    """Set the clock and sign in whoever acts: `at("2026-11-16T09:00", ann)`; up to then the ticks
    have run as they should, unless `ticked` is false."""
    with time_machine.travel("2026-11-01T00:00+00:00", tick=False) as traveller:

        def set_to(moment: str, *people: Person, ticked: bool = True) -> None:
            traveller.move_to(datetime.fromisoformat(f"{moment}+00:00"))
            if ticked:
                ticked_lately()
            for person in people:
                person.signs_in()

        ticked_lately()
        yield set_to
