"""The gate: the one way to declare a route. Deny by default.

    @route(bp, "PATCH", "/{task_id}", Action.WRITE_TASKS, body=TaskPatch)
    def change(access: TaskAccess, body: TaskPatch) -> Response: ...

A view gets what it asks for, checked: `access` (who was let in, to what), `body`, `query`, and its
own path parameters. `{task_id}` in the path opens a task, `{project_id}` (or a `project` in body or
query) a project; anything else just asks for a live session. `gives` and `status` say how success
looks; the API's document is made from them, and the tests hold the answers to it.
"""

import functools
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

from chalice.app import Blueprint, Request, Response
from msgspec import Struct

from chalicelib.api import bodies, limits, problems
from chalicelib.api.answers import Headers
from chalicelib.clock import now as the_time
from chalicelib.domain import access as doors
from chalicelib.domain import keys
from chalicelib.domain.access import Access, Action, Visit
from chalicelib.domain.credentials import Caller, recognised
from chalicelib.domain.rates import Bucket, bucket_of, bucket_of_source
from chalicelib.errors import ApiError, BadRequest, NotFound, TooManyRequests, Unauthenticated
from chalicelib.observability import logger
from chalicelib.store.ids import is_id
from chalicelib.store.receipts import Once

KEY_MAX = 255

View = Callable[..., Response]


def route(
    bp: Blueprint,
    method: str,
    path: str,
    action: Action,
    *,
    body: type[Struct] | None = None,
    query: type[Struct] | None = None,
    gives: Any = None,
    status: int = 200,
    media: str = "application/json",
) -> Callable[[View], View]:
    """Declare that `method` on `path` may be called by whoever may do `action`.

    `gives` is the type of a success's body, sent with `status` as `media`; without a body it is a
    204.
    """

    def register(view: View) -> View:
        @functools.wraps(view)
        def handle(**path_parameters: str) -> Response:
            request = bp.current_request
            kind = limits.kind_of(request.method)
            bucket = of_source = bucket_of_source(limits.source_of(bp), kind)
            try:
                caller = None if action is Action.ENTER else _caller(request)
                bucket = of_source if caller is None else bucket_of(caller.principal, kind)
                bucket.take(the_time())
                arguments = _arguments(request, caller, action, body, query, path_parameters)
                response = view(**arguments)
            except ApiError as error:
                if isinstance(error, Unauthenticated) and action is not Action.ENTER:
                    bucket, error = of_source, _counted(error, of_source)
                response = _refusal(error)
            response.headers |= limits.told(bucket, the_time())
            return response

        handle.action = action  # type: ignore[attr-defined]
        handle.body, handle.query = body, query  # type: ignore[attr-defined]
        handle.gives, handle.media = gives, media  # type: ignore[attr-defined]
        handle.status = 204 if gives is None else status  # type: ignore[attr-defined]
        # An empty content_types leaves the check to us: Chalice's answers in another envelope.
        bp.route(path, methods=[method], content_types=[])(handle)
        return handle

    return register


def _counted(refused: Unauthenticated, of_source: Bucket) -> ApiError:
    """A token that opens nothing counts among what may come from its address without one; what to
    answer."""
    try:
        of_source.take(the_time())
    except TooManyRequests as too_many:
        return too_many
    return refused


def _refusal(error: ApiError) -> Response:
    if error.status >= 500:
        logger.error("refused", exc_info=True, code=error.stable_code)
    headers: Headers = {"Content-Type": problems.MEDIA_TYPE, **error.headers}
    return Response(problems.of_error(error), headers, error.status)


def _arguments(
    request: Request,
    caller: Caller | None,
    action: Action,
    body: type[Struct] | None,
    query: type[Struct] | None,
    path: dict[str, str],
) -> dict[str, Any]:
    arguments: dict[str, Any] = {}
    if body is not None:
        content_type = request.headers.get("content-type", "")
        arguments["body"] = bodies.body(_raw(request), content_type, body)
    asked = bodies.query(_parameters(request), query or bodies.NoQuery)
    if query is not None:
        arguments["query"] = asked
    if caller is not None:
        once, request_id = _once(request, caller), logger.get_correlation_id()
        kind = limits.kind_of(request.method)
        visit = Visit(caller, action, the_time(), once, request_id, kind)
        arguments["access"] = _enter(visit, path, arguments)
    return arguments | _own(path)


def _caller(request: Request) -> Caller:
    scheme, _, credential = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not credential:
        raise Unauthenticated()
    return recognised(credential.strip())


def _parameters(request: Request) -> dict[str, list[str]]:
    given = request.query_params
    return {} if given is None else {name: given.getlist(name) for name in given}


def _enter(visit: Visit, path: dict[str, str], arguments: dict[str, Any]) -> Access:
    if "task_id" in path:
        return doors.enter_task(visit, keys.named(visit, path["task_id"]))
    project_id = path.get("project_id") or _project_in(arguments)
    if project_id is not None:
        return doors.enter_project(visit, _known(project_id, is_id))
    return doors.enter_account(visit)


def _project_in(arguments: dict[str, Any]) -> str | None:
    """The one project that a body or a query names."""
    named = (getattr(arguments.get(part), "project", None) for part in ("body", "query"))
    one = (project for project in named if isinstance(project, str) and "," not in project)
    return next(one, None)


def _known(text: str, has_form: Callable[[str], bool]) -> str:
    """`text`, if it has the form of an id; whatever has not names nothing."""
    if not has_form(text):
        raise NotFound()
    return text


def _once(request: Request, caller: Caller) -> Once | None:
    """What makes this request repeatable, if the client asks for that on a POST."""
    key = request.headers.get("idempotency-key")
    if key is None or request.method != "POST":
        return None
    if not 0 < len(key) <= KEY_MAX:
        raise BadRequest(f"Idempotency-Key has 1 to {KEY_MAX} characters", code="invalid_key")
    # Chalice's path is the route's, with the names of the parameters in place of their values.
    what = json.dumps([request.path, request.uri_params], sort_keys=True)
    body = hashlib.sha256(_raw(request)).hexdigest()
    receipt = hmac.new(key.encode(), caller.user_id.encode(), hashlib.sha256).hexdigest()
    return Once(receipt, f"{what} {body}")


def _raw(request: Request) -> bytes:
    raw = request.raw_body
    return raw.encode() if isinstance(raw, str) else raw


def _own(path: dict[str, str]) -> dict[str, str]:
    """The path parameters that the gate leaves to the view. Raises `NotFound` for what should be an
    id and has not the form of one."""
    left = {name: text for name, text in path.items() if name not in {"task_id", "project_id"}}
    return {
        name: _known(text, is_id) if name.endswith("_id") else text for name, text in left.items()
    }
