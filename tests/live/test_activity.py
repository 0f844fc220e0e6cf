"""A change reaches the activity feed by way of the table's stream."""

from tests.live.support import Deployed, eventually


def test_a_change_shows_up_in_the_activity(deployed: Deployed) -> None:
    ann = deployed.visitor("ann").signs_up()
    project = ann.must("POST", "/projects/", {"name": "Launch"})["id"]
    task = ann.must("POST", "/tasks/", {"project": project, "title": "Plan"})["id"]
    ann.must("PATCH", f"/tasks/{task}/", {"status": "review"})
    ann.must("DELETE", f"/tasks/{task}/")

    def feed() -> list[tuple[str, str | None, str | None]]:
        items = ann.must("GET", f"/projects/{project}/activity/")["items"]
        return [(entry["action"], entry["new"], entry["actor"]) for entry in items]

    assert eventually(lambda: feed() if len(feed()) == 3 else None) == [
        ("deleted", None, ann.id),
        ("changed", "review", ann.id),
        ("created", None, ann.id),
    ]
