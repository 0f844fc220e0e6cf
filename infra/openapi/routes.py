"""The app's routes with the declarations of their `gate.route` decorators."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from chalice.app import Chalice

from chalicelib.access.permissions import PERMISSIONS, Action, Permission
from infra.openapi.tags import get_tag


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
    def operation_id(self) -> str:
        """The view's name in camel case; clients name their functions after it."""
        first, *others = self.view.__name__.split("_")
        return first + "".join(word.capitalize() for word in others)

    @property
    def summary(self) -> str:
        """The first line of the view's docstring, without its full stop."""
        return str(self.view.__doc__).partition("\n")[0].removesuffix(".")

    @property
    def tag(self) -> str:
        return get_tag(self.path).name

    @property
    def action(self) -> Action:
        return Action(self._get_declared("action"))

    @property
    def rule(self) -> Permission:
        return PERMISSIONS[self.action]

    @property
    def body(self) -> Any:
        return self._get_declared("body")

    @property
    def requires_body(self) -> bool:
        return bool(self._get_declared("requires_body"))

    @property
    def query(self) -> Any:
        return self._get_declared("query")

    @property
    def returns(self) -> Any:
        return self._get_declared("returns")

    @property
    def media(self) -> str:
        return str(self._get_declared("media"))

    @property
    def status(self) -> int:
        return int(self._get_declared("status"))

    @property
    def types(self) -> Iterator[Any]:
        """All types of the route's requests and responses."""
        types = (self.body, self.query, self.returns)
        return (each for each in types if each is not None)

    def _get_declared(self, name: str) -> Any:
        return getattr(self.view, name)


def list_routes(app: Chalice) -> list[Route]:
    """Return all routes of `app`, without the OPTIONS routes for CORS.

    HEAD is left out too: it has the view of its GET, and generated clients need no second function.
    """
    return [
        Route(method, path, entry.view_function)
        for path, methods in app.routes.items()
        for method, entry in methods.items()
        if method not in {"HEAD", "OPTIONS"}
    ]
