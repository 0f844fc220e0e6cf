"""A calendar program reads a feed from the deployed stack."""

import requests
from icalendar import Calendar

from tests.live.support import Deployment


def test_a_calendar_program_reads_the_feed_until_it_is_deleted(deployment: Deployment) -> None:
    ann = deployment.new_user("ann").sign_up()
    project = ann.request_json("POST", "/projects/", {"name": "Launch"})["id"]
    task = {"project": project, "title": "Write the plan", "due_date": "2030-01-02"}
    ann.request_json("POST", "/tasks/", task)
    feed = ann.request_json("POST", "/calendar-feeds/", {"name": "Work", "project": project})

    # The emulator's gateway does not tell functions its port.
    url = ann.api_url + "/calendar/" + feed["url"].rpartition("/")[2]
    answer = requests.get(url, timeout=60)
    (event,) = Calendar.from_ical(answer.content).subcomponents
    assert str(event["summary"]) == "Write the plan"
    known = {"If-None-Match": answer.headers["ETag"]}
    assert requests.get(url, headers=known, timeout=60).status_code == 304

    assert ann.call("DELETE", f"/calendar-feeds/{feed['id']}/").status_code == 204
    assert requests.get(url, timeout=60).status_code == 404
