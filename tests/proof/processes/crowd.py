"""A crowd: client processes that call processes of the API at the same time."""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any

from tests.proof.checkers import find_violations
from tests.proof.processes.runner import (
    Answer,
    ApiProcess,
    ClientProcess,
    Request,
    act_at_once,
    count_most_in_flight,
)
from tests.support import Person

# Success, and the refusals that a slower client gets: a task is in the trash (404, and 422 for the
# other task of a relation), or too many requests write to one item (503).
_INTENDED = {200, 201, 204, 404, 409, 412, 422, 429, 503}


class Crowd:
    """Clients, each with its own process of the API."""

    def __init__(self, clients: Sequence[ClientProcess], servers: Sequence[ApiProcess]) -> None:
        self._clients, self._servers = clients, servers
        self.most_in_flight: list[int] = []

    @property
    def size(self) -> int:
        return len(self._clients)

    def act(
        self, plans: Sequence[Sequence[Request]], person: Person | None = None
    ) -> list[list[Answer]]:
        """Let each client make the requests of its plan, with the token of `person`.

        A request is `{"method", "path"}`, with `body`, `headers` or `if_match` as in `http_client`.
        """
        common = {"Content-Type": "application/json"}
        common |= {"Authorization": f"Bearer {person.token}"} if person else {}
        complete = [
            [_complete(request, server.url, common) for request in plan]
            for plan, server in zip(plans, self._servers, strict=True)
        ]
        answers = act_at_once(self._clients, complete)
        self.most_in_flight.append(count_most_in_flight(answers))
        return answers

    def race(self, build: Callable[[int], Request], person: Person | None = None) -> list[Answer]:
        """Let each client make one request, which `build` returns for its number."""
        answers = self.act([[build(number)] for number in range(self.size)], person)
        return list(chain.from_iterable(answers))

    def was_concurrent(self) -> bool:
        """Return whether nine of ten acts had requests of two clients at a time."""
        overlapping = sum(most > 1 for most in self.most_in_flight)
        return overlapping > 0.9 * len(self.most_in_flight)

    def act_as(self, team: "Team", rounds: int) -> int:
        """Let the clients change the tasks of a team, and check statuses and data after each round.

        Returns the number of requests.
        """
        statuses = Counter[int]()
        for seed in range(rounds):
            team.ann.log_in()
            plans = [team.plan(f"{seed} {client}", 20) for client in range(self.size)]
            answers = chain.from_iterable(self.act(plans, team.ann))
            statuses.update(answer.status for answer in answers)
            assert find_violations() == []
        assert self.was_concurrent()
        assert statuses.keys() <= _INTENDED, statuses
        assert statuses[503] < 0.02 * statuses.total(), statuses
        return statuses.total()


def _complete(request: Request, url: str, common: dict[str, str]) -> Request:
    return {
        **request,
        "url": url + request["path"],
        "headers": common | request.get("headers", {}),
        "body": request.get("body"),
    }


class Team:
    """A project with two members, few tasks and two labels, which a crowd changes."""

    def __init__(self, ann: Person, bob: Person) -> None:
        self.ann, self.bob = ann, bob
        self.project = ann.create_project()
        ann.add_member(self.project, bob)
        self.tasks = [ann.create_task(self.project, f"Task {n}")["id"] for n in range(6)]
        path = f"/api/projects/{self.project}/labels"
        self.labels = [ann.post(path, {"name": each}).json_body["id"] for each in ("red", "blue")]

    def plan(self, seed: str, length: int) -> list[Request]:
        """Return `length` calls; the same for the same seed."""
        generator = random.Random(seed)
        return [self._choose(generator) for _ in range(length)]

    def _choose(self, generator: random.Random) -> Request:
        task, other = generator.sample(self.tasks, 2)
        status = generator.choice(["todo", "in_progress", "review", "done"])
        assigned = {"status": status, "assigned_to": generator.choice([self.bob.id, None])}
        path = f"/api/tasks/{task}"
        calls: list[tuple[str, str, Any]] = [
            ("POST", "/api/tasks", {"project": self.project, "title": "New", "status": status}),
            ("PATCH", path, assigned),
            ("PATCH", path, {"labels": generator.sample(self.labels, 1), "priority": "low"}),
            ("PATCH", path, {"title": f"Title {generator.random()}"}),
            ("DELETE", path, None),
            ("POST", f"{path}/restore", None),
            ("POST", f"{path}/restore", None),
            ("POST", f"{path}/comments", {"body": "Hello"}),
            ("POST", f"{path}/relations", {"kind": "blocks", "task": other}),
            ("GET", f"/api/tasks?project={self.project}&status={status}", None),
        ]
        method, path, body = generator.choice(calls)
        return {"method": method, "path": path, "body": body}
