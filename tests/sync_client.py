"""A client that keeps a copy of the projects and tasks that a person can read."""

from typing import Any

from tests.support import Person

Items = list[dict[str, Any]]


class SyncClient:
    """A client of `/api/changes` that applies the changes as docs/api.md says."""

    def __init__(self, person: Person, limit: int = 100) -> None:
        self.person, self.limit, self.cursor = person, limit, ""
        self.projects: dict[str, Any] = {}
        self.tasks: dict[str, Any] = {}

    def sync(self) -> Items:
        """Read all pages of new changes, apply the changes and return them."""
        changes, has_more = [], True
        while has_more:
            query = f"limit={self.limit}" + (f"&cursor={self.cursor}" if self.cursor else "")
            page = self.person.get(f"/api/changes?{query}").json_body
            changes += page["items"]
            self.cursor, has_more = page["next_cursor"], page["has_more"]
        for change in changes:
            self._apply(change)
        return changes

    def _apply(self, change: dict[str, Any]) -> None:
        if change["kind"] == "project":
            self.projects[change["id"]] = change
        elif change["kind"] == "task":
            self.tasks[change["id"]] = change
        elif change["what"] == "task":
            self.tasks.pop(change["id"], None)
        else:
            self.projects.pop(change["id"], None)
            self.tasks = {k: t for k, t in self.tasks.items() if t["project"] != change["id"]}
