"""pytest plugin of `make mutants`: which tests reach which functions, and selected tests in order.

    pytest -p infra.mutants.pytest_plugin --reach-of=MODULE,... --reach-file=FILE TEST...
    pytest -p infra.mutants.pytest_plugin --run-only=FILE TEST...

The first writes FILE: `{test id: ["MODULE:LINE", ...]}`, where LINE is that of the `def` or its
first decorator. The second runs the tests whose ids FILE lists, in this order, and ends the process
when one takes longer than a minute, because a mutant may never end.
"""

import json
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

TEST_SECONDS = 60


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--reach-of", default="")
    parser.addoption("--reach-file", type=Path)
    parser.addoption("--run-only", type=Path)


def pytest_configure(config: pytest.Config) -> None:
    if config.option.reach_file:
        modules = config.option.reach_of.split(",")
        config.pluginmanager.register(ReachRecorder(modules, config.option.reach_file))
    if config.option.run_only:
        config.pluginmanager.register(Selection(json.loads(config.option.run_only.read_text())))


class ReachRecorder:
    """Records which functions of some modules each test calls, also in threads that it starts."""

    def __init__(self, modules: list[str], file: Path) -> None:
        self._modules = {str(Path(module).absolute()): module for module in modules}
        self._file = file
        self._functions: set[str] = set()
        self._reached: dict[str, list[str]] = {}
        threading.settrace(self._trace)
        sys.settrace(self._trace)

    def _trace(self, frame: FrameType, event: str, argument: Any) -> None:
        module = self._modules.get(frame.f_code.co_filename)
        if module is not None:
            self._functions.add(f"{module}:{frame.f_code.co_firstlineno}")

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self._functions.clear()
        result = yield
        self._reached[item.nodeid] = sorted(self._functions)
        return result

    def pytest_sessionfinish(self) -> None:
        self._file.write_text(json.dumps(self._reached))


class Selection:
    """Runs only these tests, in this order, each for a limited time."""

    def __init__(self, tests: list[str]) -> None:
        self._tests = tests
        signal.alarm(TEST_SECONDS)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        found = {item.nodeid: item for item in items}
        items[:] = [found[test] for test in self._tests]

    def pytest_runtest_setup(self) -> None:
        signal.alarm(TEST_SECONDS)
