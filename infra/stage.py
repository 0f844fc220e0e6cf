"""What a stage is: one table of `stages.toml`, and where its commands are sent."""

import os
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

ROOT = Path(__file__).resolve().parent.parent
APP_NAME = "task-manager"
LOCAL = "local"
_INTERPRETER = "interpreter"
_STAGES = ROOT / "infra" / "stages.toml"
# A local cloud is reached directly, and never with somebody's real identity.
_UNWANTED = (
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_CONFIG_FILE",
    "HTTP_PROXY",
    "http_proxy",
)


class UserError(SystemExit):
    """A failure whose one line tells the person at the keyboard all they need."""

    def __init__(self, message: str) -> None:
        super().__init__(f"error: {message}")


@contextmanager
def in_one_line() -> Iterator[None]:
    """What AWS refuses, or can't be asked, ends the program in AWS's own words."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise UserError(str(error)) from None


@dataclass(frozen=True)
class Stage:
    """A deployment target: `parameters` fill `resources.yaml`, `finish.py` does the rest."""

    name: str
    runtime: str
    architecture: str
    keep_data: bool
    alarms: bool
    release: str
    memory: dict[str, int]
    log_retention_days: int
    parameters: dict[str, str]
    sources: Path = ROOT
    builds: Path = ROOT / "build"

    @property
    def stack(self) -> str:
        return f"{APP_NAME}-{self.name}"

    @property
    def on_this_interpreter(self) -> bool:
        """True if the Python that packages also runs the functions, as a local cloud does."""
        return self.architecture == _INTERPRETER

    @property
    def build_dir(self) -> Path:
        return self.builds / self.name

    @property
    def zip(self) -> Path:
        return self.build_dir / "deployment.zip"

    @property
    def template(self) -> Path:
        return self.build_dir / "sam.yaml"


def load(name: str, overrides: dict[str, str] | None = None) -> Stage:
    """The stage called `name`; an unknown one ends the program with the names there are."""
    stages = tomllib.loads(_STAGES.read_text())
    if name not in stages:
        raise UserError(f"no stage {name!r} in infra/stages.toml; there are: {', '.join(stages)}")
    facts = stages[name]
    runtime = facts["runtime"]
    return Stage(
        name=name,
        runtime=_own_runtime() if runtime == _INTERPRETER else runtime,
        architecture=facts["architecture"],
        keep_data=facts["keep_data"],
        alarms=facts["alarms"],
        release=facts.get("release", ""),
        memory=facts.get("memory", {}),
        log_retention_days=facts["log_retention_days"],
        parameters={"Stage": name, **facts["parameters"], **(overrides or {})},
    )


def tool(name: str) -> str:
    """The command `name` of the virtual environment that runs this program."""
    path = Path(sys.executable).with_name(name)
    if not path.exists():
        raise UserError(f"{name} is not installed in {path.parent.parent}; run it through make")
    return str(path)


def local_endpoint() -> str:
    """Where the local cloud answers: CLOUD_PORT, or LocalStack's own port."""
    return f"http://localhost:{os.environ.get('CLOUD_PORT') or 4566}"


def local_environment(endpoint: str) -> dict[str, str]:
    """The environment in which boto3, PynamoDB and the aws command all talk to `endpoint`."""
    kept = {name: value for name, value in os.environ.items() if name not in _UNWANTED}
    return kept | {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "NO_PROXY": "localhost,127.0.0.1",
    }


def aim_at(stage: Stage) -> None:
    """Make this process talk to where `stage` lives: the local cloud, or AWS as it is set up."""
    if stage.name == LOCAL:
        environment = local_environment(os.environ.get("AWS_ENDPOINT_URL") or local_endpoint())
        os.environ.clear()
        os.environ.update(environment)


def _own_runtime() -> str:
    return f"python{sys.version_info.major}.{sys.version_info.minor}"
