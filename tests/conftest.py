"""Environment and fixtures of all tests.

The environment is set before the app is imported, because the app reads its settings at import.
"""

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
        "ORIGIN_KEY_ID": "task-manager/test/origin",
        "MAIL_SENDER": "tasks@example.com",
        "MAIL_CONFIGURATION_SET": "task-manager-test",
        "REMINDER_HOUR": "9",
        "API_URL": "https://api.example.com/v1",
        "JOB_WORKER": "run-jobs",
        "DEAD_LETTERS_URL": "https://sqs.eu-central-1.amazonaws.com/123456789012/dead-letters",
        "LIVE_URL": "wss://live.execute-api.eu-central-1.amazonaws.com/v1",
        "LIVE_EVENTS_URL": "https://sqs.eu-central-1.amazonaws.com/123456789012/live.fifo",
        "WEBHOOK_DELIVERIES_URL": "https://sqs.eu-central-1.amazonaws.com/123456789012/hooks.fifo",
        "WEBHOOK_KEYS_ID": "task-manager/test/webhooks",
        "SECOND_FACTOR_KEYS_ID": "task-manager/test/factors",
        "CLIENT_SECRETS_ID": "task-manager/test/client-secrets",
        "APP_URL": "https://app.example.com",
        "ALLOWED_ORIGINS": "https://app.example.com,https://m.example.com",
        "UPLOAD_MAX_BYTES": str(25 * 1024 * 1024),
        "UPLOAD_FORM_MAX_BYTES": str(6 * 1024 * 1024),
        "UPLOAD_TYPES": "image/*,text/*,application/*",
        "TASK_MAX_FILES": "30",
        "TASK_MAX_BYTES": str(40 * 1024 * 1024),
        "PROJECT_MAX_BYTES": str(60 * 1024 * 1024),
        "FILES_KEPT_DAYS": "30",
        # The rate limiter writes one in 3,000,000 requests to the table: none in tests of costs.
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
import hypothesis  # noqa: E402
import pytest  # noqa: E402
import time_machine  # noqa: E402
from chalice.local import LambdaContext  # noqa: E402
from chalice.test import Client  # noqa: E402
from moto import mock_aws  # noqa: E402
from xdist.scheduler import LoadScopeScheduling  # noqa: E402

from tests import permissions  # noqa: E402
from tests.dynamodb_local import run_dynamodb_local, use_local_table  # noqa: E402
from tests.faults import ses_send_rate  # noqa: E402
from tests.moto_shortcuts import apply_shortcuts  # noqa: E402
from tests.moto_stack import create_stack, set_watermarks  # noqa: E402
from tests.support import Api, Person, RegisteredPeople, sign_up  # noqa: E402
from tests.table_stream import TaskStream  # noqa: E402

ROOT = Path(__file__).parents[1]
# Groups of tests that share something which takes long to start; the slowest group runs first.
GROUPS = {
    "pages L to Z": ("tests/live/browser/",),
    "pages A to B": tuple(f"tests/live/browser/test_{letter}" for letter in "ab"),
    "pages C to K": tuple(f"tests/live/browser/test_{letter}" for letter in "cdefghijk"),
    "deployment": (
        "tests/live/test_deployment.py",
        "tests/live/test_client_deployment.py",
        "tests/live/test_restart.py",
    ),
    "cloud": ("tests/live/",),
    "database": ("tests/dynamodb/",),
    "strict cloud": (
        "tests/live/test_permissions.py",
        "tests/live/test_attachments_in_",
    ),
    "processes": ("tests/proof/processes/",),
    "matrix": ("tests/access/test_access_matrix.py",),
    "builds": ("tests/infra/",),
}

permissions.start_recording()
# Deadlines would fail tests on a busy machine; random examples would fail them only sometimes.
hypothesis.settings.register_profile("tests", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("tests")
# To verify a password takes 45 ms by design, and tests log the same people in hundreds of times.
argon2._password_hasher.verify_secret = cache(argon2._password_hasher.verify_secret)


class GroupScheduling(LoadScopeScheduling):
    """Sends each test to the next free worker, and the tests of a group to one worker."""

    def _split_scope(self, nodeid: str) -> str:
        return _find_group(nodeid) or nodeid


def _find_group(nodeid: str) -> str | None:
    """Return the group with the longest matching path, or None."""
    matches = [
        (len(start), group)
        for group, starts in GROUPS.items()
        for start in starts
        if nodeid.startswith(start)
    ]
    return max(matches)[1] if matches else None


def pytest_xdist_auto_num_workers() -> int:
    """Use more workers than there are cores: those of the live tests mostly wait."""
    return (os.cpu_count() or 1) + 2


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> GroupScheduling:
    config.option.loadscopereorder = False
    return GroupScheduling(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort the tests by group; those that take minutes come first, so that none runs alone last."""

    def order(item: pytest.Item) -> tuple[bool, int]:
        is_short = item.get_closest_marker("proof") is None
        return is_short, (*GROUPS, None).index(_find_group(item.nodeid))

    items.sort(key=order)


def pytest_collection_finish() -> None:
    """Exempt all objects of the collection from garbage collection; they live until the end."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--days-later", type=int, default=0, help="set the clock to a later day")


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # once, before the workers write their files
        shutil.rmtree(permissions.CALLS_DIR, ignore_errors=True)
    if days := config.option.days_later:
        time_machine.travel(datetime.now(UTC) + timedelta(days=days)).start()


def pytest_sessionfinish(session: pytest.Session) -> None:
    config = session.config
    permissions.save_calls(getattr(config, "workerinput", {}).get("workerid", "main"))
    if hasattr(config, "workerinput") or session.exitstatus != pytest.ExitCode.OK:
        return
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    for difference in permissions.find_differences(whole=_all_ran(config, reporter.stats)):
        reporter.write_line(f"\nerror: policies and calls differ: {difference}", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _all_ran(config: pytest.Config, outcomes: dict[str, Any]) -> bool:
    """Return whether this was `make test` without a selection and without skipped tests."""
    is_selection = config.option.keyword or config.option.collectonly
    all_files = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    is_default_mark = config.option.markexpr == "not proof and (flow or not live)"
    return all_files and is_default_mark and not is_selection and not outcomes.get("skipped")


@pytest.fixture(scope="session")
def emulator() -> Iterator[None]:
    """Emulate AWS in this process, once for all tests, because new clients take the most time.

    SES may send any number of emails a second; in moto it is one.
    """
    with mock_aws(), apply_shortcuts(), ses_send_rate(1_000_000):
        yield


@pytest.fixture
def cloud(emulator: None) -> None:
    """Create the resources of the stack, without the data of other tests."""
    create_stack()


@pytest.fixture
def client(cloud: None) -> Iterator[Client]:
    from app import app

    with Client(app) as client:
        yield client


@pytest.fixture
def anonymous(client: Client) -> Api:
    """A client without a token."""
    return Api(client)


@pytest.fixture(scope="session")
def registered_people() -> RegisteredPeople:
    return RegisteredPeople()


@pytest.fixture
def make_person(client: Client, registered_people: RegisteredPeople) -> Callable[[str], Person]:
    """Return a person who signed up before the test began: `make_person("cleo")`."""
    return lambda name: registered_people.put(client, name)


@pytest.fixture
def ann(make_person: Callable[[str], Person]) -> Person:
    return make_person("ann")


@pytest.fixture
def bob(make_person: Callable[[str], Person]) -> Person:
    return make_person("bob")


@pytest.fixture
def sample_event() -> Callable[[str], dict[str, Any]]:
    """Return a sample event of a function from `events/`: `sample_event("tick")`."""
    folder = ROOT / "events"

    def load(name: str) -> dict[str, Any]:
        sample: dict[str, Any] = json.loads((folder / f"{name}.json").read_text())
        return sample

    return load


@pytest.fixture
def invoke(client: Client) -> Callable[[str, dict[str, Any]], Any]:
    """Invoke a function by name, as Lambda does, and return its result."""
    from app import app

    def call(name: str, event: dict[str, Any]) -> Any:
        context = LambdaContext(name, memory_size=512, max_runtime_ms=_read_timeout(name) * 1000)
        with permissions.recorded_as(name):
            return app.handler_map[name](event, context)

    return call


@pytest.fixture
def stream(invoke: Callable[[str, dict[str, Any]], Any]) -> TaskStream:
    """The stream records of tasks from now on."""
    return TaskStream(invoke)


def _read_timeout(function: str) -> int:
    """Return the timeout of a function in seconds."""
    config = json.loads((ROOT / ".chalice" / "config.json").read_text())
    own: dict[str, Any] = config["lambda_functions"].get(function, {})
    return int(own.get("lambda_timeout", config["lambda_timeout"]))


@pytest.fixture(scope="session")
def dynamodb_local_address() -> Iterator[str]:
    """The address of a DynamoDB Local that runs for all tests."""
    with run_dynamodb_local() as address:
        yield address


@pytest.fixture
def transport(request: pytest.FixtureRequest) -> Iterator[str]:
    """Select the transport to DynamoDB Local: the default, or the test's indirect parameter."""
    from chalicelib import settings

    usual = settings.DYNAMODB_TRANSPORT
    chosen = getattr(request, "param", usual)
    settings.DYNAMODB_TRANSPORT = "direct" if chosen == "lean" else chosen
    yield chosen
    settings.DYNAMODB_TRANSPORT = usual


@pytest.fixture
def local_table(cloud: None, dynamodb_local_address: str, transport: str) -> Iterator[None]:
    """Use a table in DynamoDB Local; everything else stays in moto."""
    with use_local_table(dynamodb_local_address, transport):
        set_watermarks()
        yield


@pytest.fixture
def chief(client: Client) -> Person:
    """A member of the site staff."""
    from chalicelib.accounts.staff import make_staff
    from chalicelib.clock import now

    person = sign_up(client, "chief")
    assert make_staff(email=person.email, now=now()) is None
    return person


@pytest.fixture
def no_app_url() -> Iterator[None]:
    """The stage has no address of a web client."""
    from chalicelib import settings

    usual = settings.APP_URL
    settings.APP_URL = ""
    yield
    settings.APP_URL = usual


@pytest.fixture
def midweek() -> Iterator[None]:
    """Move the clock to the next Wednesday: weekly reports, made on Monday, are far away."""
    today = datetime.now(UTC).replace(hour=9, minute=5)
    with time_machine.travel(today + timedelta(days=(2 - today.weekday()) % 7 or 7)):
        yield


@pytest.fixture
def wait() -> Iterator[Callable[..., None]]:
    """Move the clock: `wait(seconds=11)`."""
    with time_machine.travel(datetime.now(UTC)) as traveller:
        yield lambda **time: traveller.shift(timedelta(**time))


@pytest.fixture
def password_checks() -> Iterator[list[str]]:
    """A list that grows by one with each password that argon2 verifies."""
    checks: list[str] = []
    verify = argon2._password_hasher.verify_secret

    def count_and_verify(*arguments: Any) -> bool:
        checks.append("checked")
        return verify(*arguments)

    argon2._password_hasher.verify_secret = count_and_verify
    yield checks
    argon2._password_hasher.verify_secret = verify


@pytest.fixture
def set_signing_keys(cloud: None) -> Iterator[Callable[..., None]]:
    """Change the secret of the signing keys and clear its cache, as in a new process."""
    from chalicelib import settings
    from chalicelib.aws import clients
    from chalicelib.aws import secrets as aws_secrets

    def change(**keys: str) -> None:
        text = json.dumps(keys)
        clients.secrets_manager_client().put_secret_value(
            SecretId=settings.SECRET_ID, SecretString=text
        )
        aws_secrets.signing_keys.forget()

    yield change
    aws_secrets.signing_keys.forget()


@pytest.fixture
def wait_days(wait: Callable[..., None]) -> Callable[..., None]:
    """Move the clock by days and two hours, in which the ticks ran: `wait_days(days=7)`."""

    def wait_for_days(days: int) -> None:
        wait(days=days)
        set_watermarks()
        wait(hours=2)

    return wait_for_days


@pytest.fixture
def set_time(cloud: None) -> Iterator[Callable[..., None]]:
    """Set the clock and log people in: `set_time("2026-11-16T09:00", ann)`.

    The watermarks are set as if the ticks had run until then, unless `ticks_ran` is false.
    """
    with time_machine.travel("2026-11-01T00:00+00:00", tick=False) as traveller:

        def set_clock(moment: str, *people: Person, ticks_ran: bool = True) -> None:
            traveller.move_to(datetime.fromisoformat(f"{moment}+00:00"))
            if ticks_ran:
                set_watermarks()
            for person in people:
                person.log_in()

        set_watermarks()
        yield set_clock
