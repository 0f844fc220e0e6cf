"""`docs/tutorial.md`: its commands, run in order, print the output that the page shows."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from infra.stage import ROOT
from localstack import cloud
from localstack.mailbox import Mailbox
from tests.live.support import Deployment

TUTORIAL = ROOT / "docs" / "tutorial.md"
API, MAILBOX = "http://localhost:8000/api", "http://localhost:8025"
END = "\x1e"
_BLOCK = re.compile(r"^```console\n(.*?)^```", re.M | re.S)
_STEP = re.compile(r"^\$ (?P<command>.*\n(?:^> .*\n)*)(?P<output>(?:^(?!\$ ).*\n)*)", re.M)


@dataclass
class Step:
    """A command of the tutorial and the output that the page shows."""

    command: str
    output: str

    @property
    def pattern(self) -> str:
        """A regular expression for the output; `...` matches any text or any lines."""
        escaped = re.escape(self.output)
        lines = re.sub(r"^\\\.\\\.\\\.\n", "(?:.*\n)*?", escaped.replace("\\\n", "\n"), flags=re.M)
        return lines.replace(r"\.\.\.", ".*?")


def _parse_steps(text: str) -> Iterator[Step]:
    for block in _BLOCK.findall(text):
        for match in _STEP.finditer(block):
            yield Step(re.sub("^> ", "", match["command"], flags=re.M), match["output"])


@contextmanager
def _run_mailbox(deployment: Deployment) -> Iterator[str]:
    port = cloud.find_free_port()
    mailbox = Mailbox(port, deployment.outputs["mailbox_url"])
    mailbox.start()
    yield f"http://localhost:{port}"
    mailbox.stop()


def _run_commands(commands: list[str], folder: Path) -> list[str]:
    """Run the commands in one shell and return the output of each."""
    script = "".join(f"{command}printf '{END}'\n" for command in commands)
    completed = subprocess.run(
        ["bash", "-u", "-c", script],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=100,
        check=False,
    )
    return completed.stdout.split(END)[:-1]


@pytest.mark.proof
def test_every_command_of_the_tutorial_prints_the_output_on_the_page(
    deployment: Deployment, tmp_path: Path
) -> None:
    text = TUTORIAL.read_text()
    with _run_mailbox(deployment) as mailbox:
        page = text.replace(API, deployment.outputs["gateway_api_url"]).replace(MAILBOX, mailbox)
        steps = list(_parse_steps(page))
        printed = _run_commands([step.command for step in steps], tmp_path)
    assert len(steps) > 25
    for step, output in zip(steps, printed, strict=True):
        lines = output if not output or output.endswith("\n") else f"{output}\n"
        assert re.fullmatch(step.pattern, lines), f"$ {step.command}{output}"
