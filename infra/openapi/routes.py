"""The app's routes with the declarations of their `gate.route` decorators."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from chalice.app import Chalice

from chalicelib.domain.access import PERMISSIONS, Action, Rule
from infra.openapi.schemas import get_alternatives


@dataclass(frozen=True)
class Route:
    """A method and path with its view function."""

    method: str
    path: str
    view: Callable[..., Any]

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def noun(self) -> str:
        """The name of the view's module, or of its package if the module is called `routes`."""
        return self.view.__module__.removesuffix(".routes").rpartition(".")[2]

    @property
    def tag(self) -> str:
        return self.noun.replace("_", " ")

    @property
    def tag_description(self) -> str:
        """The first paragraph of the docstring of the view's module."""
        first, _, _ = str(sys.modules[self.view.__module__].__doc__).partition("\n\n")
        return " ".join(first.split())

    @property
    def action(self) -> Action:
        return Action(self._get_declared("action"))

    @property
    def rule(self) -> Rule:
        return PERMISSIONS[self.action]

    @property
    def body(self) -> Any:
        return self._get_declared("body")

    @property
    def query(self) -> Any:
        return self._get_declared("query")

    @property
    def gives(self) -> Any:
        return self._get_declared("gives")

    @property
    def media(self) -> str:
        return str(self._get_declared("media"))

    @property
    def status(self) -> int:
        return int(self._get_declared("status"))

    @property
    def types(self) -> Iterator[Any]:
        """All types of the route's requests and responses."""
        types = (self.body, self.query, *get_alternatives(self.gives))
        return (each for each in types if each is not None)

    def _get_declared(self, name: str) -> Any:
        return getattr(self.view, name)


def list_routes(app: Chalice) -> list[Route]:
    """Return all routes of `app`, without the OPTIONS routes for CORS."""
    return [
        Route(method, path, entry.view_function)
        for path, methods in app.routes.items()
        for method, entry in methods.items()
        if method != "OPTIONS"
    ]
