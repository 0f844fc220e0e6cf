"""Download the dependencies of the Lambda functions as wheels for their runtime and architecture.

Chalice could do that, but it takes the runtime from the Python that packages, and only warns about
a missing wheel. Here a missing wheel, or a wheel with another hash than the pinned one, fails the
build.
"""

import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from infra.packaging.botocore_data import prune_data
from infra.packaging.bytecode import compile_folder, find_interpreter
from infra.stage import ROOT, Stage, UserError

FUNCTION_PATH = "/var/task"
LAYER_PATH = "/opt/python"
_REQUIREMENTS = ROOT / "requirements.txt"
_CACHE = ROOT / "build" / "vendor"
_MACHINES = {"arm64": "aarch64", "x86_64": "x86_64"}
# Newest first: python3.12 and later run on Amazon Linux 2023, which has glibc 2.34.
_MANYLINUX = ("manylinux_2_34", "manylinux_2_28", "manylinux_2_17", "manylinux2014")
# The services that the app calls.
_SERVICES = {"apigatewaymanagementapi", "dynamodb", "lambda", "s3", "secretsmanager", "ses", "sqs"}
# The app uses the logger and the metrics of Powertools, which import this utility only.
_POWERTOOLS = {"jmespath_utils"}
# RECORD files contain hashes of scripts that name the build folder, so they are not reproducible.
# argon2's compiled module needs the library of cffi, but neither its Python package nor the parser.
# `zoneinfo` reads the binary files of tzdata, so its text file and dateutil's archive are unused.
_UNUSED = (
    "bin",
    "boto3/examples",
    "aws_lambda_powertools/event_handler",
    "cffi",
    "dateutil/zoneinfo/*.tar.gz",
    "icalendar/tests",
    "tzdata/zoneinfo/tzdata.zi",
    "pycparser",
    "pycparser-*.dist-info",
    "*.dist-info/RECORD",
    "*.dist-info/sboms",
)
_STEPS = ("botocore_data.py", "bytecode.py", "compiler.py")
_NO_WHEEL = re.compile(r"No matching distribution found for (\S+)")


def vendor_functions(stage: Stage) -> Path:
    """Return a folder with the functions' dependencies, cached by pins, runtime and architecture.

    Chalice is left out, because it adds its own small runtime to the zip.
    """
    pins = [pin for pin in _read_pins(_REQUIREMENTS) if _get_package(pin) != "chalice"]
    return _fetch(stage, pins, FUNCTION_PATH)


def vendor_layer(stage: Stage, requirements: Path) -> Path:
    """Return a folder with a layer's dependencies, without those that all functions have."""
    known = {_get_package(pin) for pin in _read_pins(_REQUIREMENTS)}
    pins = [pin for pin in _read_pins(requirements) if _get_package(pin) not in known]
    return _fetch(stage, pins, LAYER_PATH)


def _read_pins(requirements: Path) -> list[str]:
    """Return one line per package: its version and its hashes."""
    lines = requirements.read_text().replace("\\\n", " ").splitlines()
    return [line for line in lines if "==" in line and not line.lstrip().startswith("#")]


def _get_package(pin: str) -> str:
    return pin.partition("==")[0].strip()


def _fetch(stage: Stage, pins: list[str], install_path: str) -> Path:
    """Return the cached folder for `pins`; fill it first if it does not exist.

    It is filled under a temporary name, so that an interrupted download is never reused.
    """
    folder = _CACHE / _compute_fingerprint(stage, [install_path, *pins])
    if folder.exists():
        return folder
    target = f"{stage.runtime}, {stage.architecture}"
    print(f"  fetching {len(pins)} packages for {target}", flush=True)
    _CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=_CACHE) as temporary:
        unfinished = Path(temporary) / folder.name
        _install(unfinished, stage, pins)
        _remove_unused(unfinished)
        compile_folder(unfinished, stage.runtime, install_path)
        unfinished.rename(folder)
    return folder


def _compute_fingerprint(stage: Stage, pins: list[str]) -> str:
    parts = [stage.runtime, stage.architecture, str(find_interpreter(stage.runtime)), *pins]
    parts += [*sorted(_SERVICES | _POWERTOOLS), *_UNUSED]
    # What is done with the packages is an input too.
    parts += [Path(__file__).with_name(name).read_text() for name in _STEPS]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _install(target: Path, stage: Stage, pins: list[str]) -> None:
    """Install the packages. Raises UserError when a wheel is missing or has another hash."""
    requirements = target.with_name("pins.txt")
    requirements.write_text("\n".join(pins))
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--no-compile", "--require-hashes", "--target", str(target)]
    command += [] if stage.has_local_runtime else _list_platform_options(stage)
    command += ["-r", str(requirements)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise UserError(explain_failure(done.stderr, stage))


def _list_platform_options(stage: Stage) -> list[str]:
    machine = _MACHINES[stage.architecture]
    options = ["--only-binary=:all:", "--python-version", stage.runtime.removeprefix("python")]
    for system in _MANYLINUX:
        options += ["--platform", f"{system}_{machine}"]
    return options


def explain_failure(output: str, stage: Stage) -> str:
    """Return a message for pip's error `output`."""
    missing = _NO_WHEEL.search(output)
    if missing:
        return f"no wheel of {missing[1]} for {stage.runtime} on {stage.architecture}"
    return f"pip could not fetch the dependencies:\n{output.strip()}"


def _remove_unused(folder: Path) -> None:
    """Delete files that the functions do not need."""
    for pattern in _UNUSED:
        for unused in list(folder.glob(pattern)):
            shutil.rmtree(unused) if unused.is_dir() else unused.unlink()
    if (data := folder / "botocore" / "data").exists():
        prune_data(data, _SERVICES)
    _keep_subfolders(folder / "boto3" / "data", _SERVICES)
    _keep_subfolders(folder / "aws_lambda_powertools" / "utilities", _POWERTOOLS)


def _keep_subfolders(folder: Path, names: set[str]) -> None:
    for entry in folder.iterdir() if folder.exists() else ():
        if entry.is_dir() and entry.name not in names:
            shutil.rmtree(entry)
