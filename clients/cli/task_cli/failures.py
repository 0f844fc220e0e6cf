"""Failures as one line and an exit code."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from json import JSONDecodeError

import httpx

from task_cli.credentials import NotLoggedIn
from task_manager_client import ApiError

REFUSED, NOT_LOGGED_IN, NOT_FOUND, UNREACHABLE = 1, 3, 4, 5  # 2 is wrong usage, of typer
_CODES = {401: NOT_LOGGED_IN, 404: NOT_FOUND, 429: UNREACHABLE, 503: UNREACHABLE, 504: UNREACHABLE}

_SESSION_IS_OVER = {"unauthenticated", "refresh_reuse"}


class Refused(Exception):
    """The command cannot do it, for a reason that the message says."""

    def __init__(self, message: str, code: int = REFUSED) -> None:
        super().__init__(message)
        self.code = code


@contextmanager
def report_failures() -> Iterator[None]:
    """Turn the failures of the block into a line on stderr and an exit code."""
    try:
        yield
    except Refused as error:
        _exit(str(error), error.code)
    except NotLoggedIn as error:
        _exit(str(error), NOT_LOGGED_IN)
    except ApiError as error:
        fields = "".join(f"\n  {name}: {message}" for name, message in error.errors.items())
        hint = " (run `task login`)" if error.code in _SESSION_IS_OVER else ""
        status = "" if error.code else f"{error.status} "  # a proxy has no sentence of ours
        _exit(f"{status}{error.detail}{hint}{fields}", _CODES.get(error.status, REFUSED))
    except (httpx.TransportError, httpx.InvalidURL) as error:
        _exit(f"the API does not respond: {error}", UNREACHABLE)
    except JSONDecodeError:
        _exit("the answer is not that of a Task Manager; check the address", REFUSED)
    except OSError as error:
        _exit(f"{error.filename}: {error.strerror}" if error.filename else str(error), REFUSED)


def _exit(message: str, code: int) -> None:
    print(f"error: {message}", file=sys.stderr)
    raise SystemExit(code)
