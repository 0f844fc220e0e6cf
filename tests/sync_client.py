"""A client that keeps a copy of what it may read."""

from typing import Any

from tests.support import Person

Items = list[dict[str, Any]]


class Copy:
    """What such a client knows: it does with what it is told as the handbook says."""

    def __init__(self, person: Person, limit: int = 100) -> None:
        self.person, self.limit, self.cursor = person, limit, ""
        self.projects: dict[str, Any] = {}
        self.tasks: dict[str, Any] = {}

    def sync(self) -> Items:
        told, has_more = [], True
        while has_more:
            query = f"limit={self.limit}" + (f"&cursor={self.cursor}" if self.cursor else "")
            page = self.person.get(f"/api/changes?{query}").json_body
            told += page["items"]
            self.cursor, has_more = page["next_cursor"], page["has_more"]
        for item in told:
            self._keep(item)
        return told

    def _keep(self, item: dict[str, Any]) -> None:
        if item["kind"] == "project":
            self.projects[item["id"]] = item
        elif item["kind"] == "task":
            self.tasks[item["id"]] = item
        elif item["what"] == "task":
            self.tasks.pop(item["id"], None)
        else:
            self.projects.pop(item["id"], None)
            self.tasks = {k: t for k, t in self.tasks.items() if t["project"] != item["id"]}
