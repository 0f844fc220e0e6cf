"""Measure a cold start: a process that imports the app and answers one request.

Usage: `python cold_start.py [--eager]`, in the environment that warm_requests.py describes. Prints
a JSON object with the number of source files compiled, files opened and modules imported, and the
peak of the resident memory in MB. With `--eager` the process first imports all modules of the app
and creates the clients of all services.
"""

import json
import os
import pkgutil
import re
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

# What the app imports when it is needed first.
LIBRARIES = (
    "anyascii",
    "argon2",
    "dateutil.rrule",
    "idna",
    "jinja2",
    "nh3",
    "pyromark",
    "xlsxwriter",
)

opened: set[str] = set()
compiled: set[str] = set()


def watch(event: str, arguments: tuple[Any, ...]) -> None:
    """Note a file that is opened and a source file that is compiled."""
    if event == "open" and isinstance(arguments[0], str):
        opened.add(arguments[0])
    elif event == "compile" and str(arguments[1]).endswith(".py"):
        compiled.add(str(arguments[1]))


def import_everything() -> None:
    """Import every module of the app and its libraries, and create boto3's clients."""
    import boto3

    import chalicelib

    for module in pkgutil.walk_packages(chalicelib.__path__, "chalicelib."):
        if module.name != "chalicelib.reports.chart":  # its library is in a layer
            import_module(module.name)
    for library in LIBRARIES:
        import_module(library)
    for service in ("dynamodb", "s3", "ses", "secretsmanager", "lambda"):
        boto3.client(service)


def read_peak_memory() -> int:
    """Return the peak of the resident memory of this program in MB.

    `getrusage` would count the memory of the process that started this one too: Linux keeps the
    peak from before `exec` (getrusage(2)).
    """
    (peak,) = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(peak) // 1024


def main() -> None:
    sys.addaudithook(watch)
    sys.path.insert(0, str(Path(__file__).parent))
    from warm_requests import Context, build_event  # type: ignore[import-not-found]

    sample = json.loads(os.environ["BENCH"])
    real, sys.stdout = sys.stdout, open(os.devnull, "w")  # noqa: SIM115
    from app import app

    if "--eager" in sys.argv:
        import_everything()
    answer = app(build_event("get", 0, sample), Context())
    sys.stdout = real
    counts = {
        "status": answer["statusCode"],
        "compiled": len(compiled - {str(Path(__file__).with_name("warm_requests.py"))}),
        "opened": len(opened),
        "modules": len(sys.modules),
        "memory": read_peak_memory(),
    }
    print(json.dumps(counts))


if __name__ == "__main__":
    main()
