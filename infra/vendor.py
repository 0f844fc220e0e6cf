"""The dependencies of a Lambda function, as wheels of the runtime and architecture it runs on.

Chalice could fetch them itself, but it takes the runtime from the Python that packages, and a
wheel it misses is a printed warning only. Here a missing wheel fails the build, by name, and a
wheel with another hash than the pinned one is refused.
"""

import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from infra.bytecode import compile_tree, compiler
from infra.stage import ROOT, Stage, UserError

FUNCTION_HOME = "/var/task"
LAYER_HOME = "/opt/python"
_REQUIREMENTS = ROOT / "requirements.txt"
_CACHE = ROOT / "build" / "vendor"
_MACHINES = {"arm64": "aarch64", "x86_64": "x86_64"}
# Newest first: python3.12 and later run on Amazon Linux 2023, whose glibc is 2.34.
_MANYLINUX = ("manylinux_2_34", "manylinux_2_28", "manylinux_2_17", "manylinux2014")
# botocore ships 400 services in 100 MB; these are the ones the app calls.
_SERVICES = {"dynamodb", "lambda", "s3", "secretsmanager", "ses", "sqs", "sts"}
# Of Powertools the log and the metrics are used; this is the one utility that they import.
_POWERTOOLS = {"jmespath_utils"}
# The last has hashes of scripts that name the place where they were installed.
_UNUSED = ("bin", "boto3/examples", "aws_lambda_powertools/event_handler", "*.dist-info/RECORD")
_NO_WHEEL = re.compile(r"No matching distribution found for (\S+)")


def vendor(stage: Stage) -> Path:
    """The folder to zip beside the app, made once for each set of pins, runtime and machine.
    Chalice is left out: it adds its own small runtime."""
    return _fetched(stage, [pin for pin in _pins(_REQUIREMENTS) if _name(pin) != "chalice"])


def vendor_layer(stage: Stage, requirements: Path) -> Path:
    """The same for a layer: what `requirements` pins beyond that."""
    known = {_name(pin) for pin in _pins(_REQUIREMENTS)}
    wanted = [pin for pin in _pins(requirements) if _name(pin) not in known]
    return _fetched(stage, wanted, LAYER_HOME)


def _fetched(stage: Stage, wanted: list[str], home: str = FUNCTION_HOME) -> Path:
    folder = _CACHE / _fingerprint(stage, [home, *wanted])
    if not folder.exists():
        count = f"{len(wanted)} packages"
        print(f"  fetching {count} for {stage.runtime}, {stage.architecture}", flush=True)
        _fill(folder, stage, wanted, home)
    return folder


def _pins(requirements: Path) -> list[str]:
    """One line for each package: its version and its hashes."""
    lines = requirements.read_text().replace("\\\n", " ").splitlines()
    return [line for line in lines if "==" in line and not line.lstrip().startswith("#")]


def _name(pin: str) -> str:
    return pin.partition("==")[0].strip()


def _fingerprint(stage: Stage, wanted: list[str]) -> str:
    facts = [stage.runtime, stage.architecture, str(compiler(stage.runtime)), *wanted]
    facts += [*sorted(_SERVICES | _POWERTOOLS), *_UNUSED]
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:16]


def _fill(folder: Path, stage: Stage, wanted: list[str], home: str) -> None:
    """Install beside the cache and move into it, so that a broken download is never reused."""
    _CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=_CACHE) as temporary:
        unfinished = Path(temporary) / folder.name
        _install(unfinished, stage, wanted)
        _prune(unfinished)
        compile_tree(unfinished, stage.runtime, home)
        unfinished.rename(folder)


def _install(target: Path, stage: Stage, wanted: list[str]) -> None:
    pins = target.with_name("pins.txt")
    pins.write_text("\n".join(wanted))
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--no-compile", "--require-hashes", "--target", str(target)]
    command += [] if stage.on_this_interpreter else _foreign_wheels(stage)
    done = subprocess.run([*command, "-r", str(pins)], capture_output=True, text=True, check=False)
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
    for pattern in _UNUSED:
        for unused in list(folder.glob(pattern)):
            _remove(unused)
    for models in (folder / "botocore" / "data", folder / "boto3" / "data"):
        _keep(models, _SERVICES)
    _keep(folder / "aws_lambda_powertools" / "utilities", _POWERTOOLS)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


def _keep(folder: Path, wanted: set[str]) -> None:
    for part in folder.iterdir() if folder.exists() else ():
        if part.is_dir() and part.name not in wanted:
            shutil.rmtree(part)
