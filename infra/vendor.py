"""The dependencies of a Lambda function, as wheels of the runtime and architecture it runs on.

Chalice could fetch them itself, but it takes the runtime from the Python that packages, and a
wheel it misses is a printed warning only. Here a missing wheel fails the build, by name.
"""

import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from infra.stage import ROOT, Stage, UserError

_REQUIREMENTS = ROOT / "requirements.txt"
_CACHE = ROOT / "build" / "vendor"
_MACHINES = {"arm64": "aarch64", "x86_64": "x86_64"}
# Newest first: python3.12 and later run on Amazon Linux 2023, whose glibc is 2.34.
_MANYLINUX = ("manylinux_2_34", "manylinux_2_28", "manylinux_2_17", "manylinux2014")
# botocore ships 400 services in 100 MB; these are the ones the app calls.
_SERVICES = {"dynamodb", "s3", "secretsmanager", "ses", "sqs", "sts"}
_NO_WHEEL = re.compile(r"No matching distribution found for (\S+)")


def vendor(stage: Stage) -> Path:
    """The folder to zip beside the app, made once for each set of pins, runtime and machine."""
    wanted = _pins()
    folder = _CACHE / _fingerprint(stage, wanted)
    if not folder.exists():
        print(
            f"  fetching {len(wanted)} packages for {stage.runtime}, {stage.architecture}",
            flush=True,
        )
        _fill(folder, stage, wanted)
    return folder


def _pins() -> list[str]:
    lines = (line.split("#")[0].strip() for line in _REQUIREMENTS.read_text().splitlines())
    return [line for line in lines if line and not line.startswith("chalice==")]


def _fingerprint(stage: Stage, wanted: list[str]) -> str:
    facts = [stage.runtime, stage.architecture, *wanted, *sorted(_SERVICES)]
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:16]


def _fill(folder: Path, stage: Stage, wanted: list[str]) -> None:
    """Install beside the cache and move into it, so that a broken download is never reused."""
    _CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=_CACHE) as temporary:
        unfinished = Path(temporary) / folder.name
        _install(unfinished, stage, wanted)
        _prune(unfinished)
        unfinished.rename(folder)


def _install(target: Path, stage: Stage, wanted: list[str]) -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--no-compile", "--target", str(target)]
    command += [] if stage.on_this_interpreter else _foreign_wheels(stage)
    done = subprocess.run([*command, *wanted], capture_output=True, text=True, check=False)
    if done.returncode:
        raise UserError(_reason(done.stderr, stage))


def _foreign_wheels(stage: Stage) -> list[str]:
    machine = _MACHINES[stage.architecture]
    flags = ["--only-binary=:all:", "--python-version", stage.runtime.removeprefix("python")]
    for system in _MANYLINUX:
        flags += ["--platform", f"{system}_{machine}"]
    return flags


def _reason(output: str, stage: Stage) -> str:
    missing = _NO_WHEEL.search(output)
    if missing:
        return f"no wheel of {missing[1]} for {stage.runtime} on {stage.architecture}"
    return f"pip could not fetch the dependencies:\n{output.strip()}"


def _prune(folder: Path) -> None:
    shutil.rmtree(folder / "bin", ignore_errors=True)
    for service in (folder / "botocore" / "data").iterdir():
        if service.is_dir() and service.name not in _SERVICES:
            shutil.rmtree(service)
    shutil.rmtree(folder / "boto3" / "examples", ignore_errors=True)
