"""Counts of CPU instructions with Valgrind's cachegrind.

With a fixed hash seed, two runs of one program differ by less than 0.1 %, also on a busy machine.
Time in the kernel and in other processes, such as a database, does not count.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

_TOTAL = re.compile(r"I\s+refs:\s+([\d,]+)")
# Warm requests: the difference between runs of a few and of more requests.
FEW, MANY = 6, 26


class ProgramFailed(Exception):
    """A measured program ended with an error; the message has its output."""


def is_available() -> bool:
    """Whether Valgrind is installed."""
    return shutil.which("valgrind") is not None


def count_instructions(
    command: Sequence[str], environment: dict[str, str], *, folder: Path | None = None
) -> int:
    """Run `command` in `folder` and return how many instructions it takes.

    Raises `ProgramFailed` if it ends with an error.
    """
    valgrind = ["valgrind", "--tool=cachegrind", "--cache-sim=no"]
    done = subprocess.run(
        [*valgrind, "--cachegrind-out-file=/dev/null", *command],
        env={"PATH": os.environ["PATH"], **environment, "PYTHONHASHSEED": "0"},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    total = _TOTAL.search(done.stderr)
    if done.returncode or total is None:
        raise ProgramFailed(f"{' '.join(command)}:\n{done.stdout}{done.stderr}")
    return int(total[1].replace(",", ""))


def count_per_request(count: Callable[[int], int]) -> int:
    """Return the instructions of one warm request. `count(n)` runs a program with n requests."""
    return (count(MANY) - count(FEW)) // (MANY - FEW)
