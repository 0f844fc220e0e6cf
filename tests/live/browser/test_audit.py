"""The audit log in the web client: of a project, of the own account, and for site staff."""

from tests.live.browser.web_pages import WebPage
from tests.live.support import ApiUser, Deployment


def test_owner_person_and_staff_read_who_did_what(web: WebPage, web_deployment: Deployment) -> None:
    page = web.page
    ann = web_deployment.make_staff(web_deployment.new_user("auda").sign_up())
    bob: ApiUser = web_deployment.new_user("audb").sign_up()
    project = ann.request_json("POST", "/projects/", {"name": "Launch"})["id"]
    bob_id = bob.request_json("GET", "/auth/profile/")["id"]
    members = f"/projects/{project}/members"
    ann.request_json("POST", f"{members}/", {"user_id": bob_id, "role": "member"})
    ann.request_json("PATCH", f"{members}/{bob_id}/", {"role": "admin"})
    web.log_in(ann.email)
    web.open(f"/projects/{project}/settings")
    section = page.get_by_role("region", name="Audit")
    section.get_by_text("role: admin · before: member").wait_for()
    section.get_by_role("row").filter(has_text="Project created").wait_for()
    assert web.find_violations() == []

    web.open("/account/security")
    history = page.get_by_role("region", name="Security history")
    history.get_by_role("row").filter(has_text="Logged in").first.wait_for()
    assert web.find_violations() == []

    web.open("/staff/audit")
    page.get_by_label("Id of an account or project").fill(project)
    entry = page.get_by_role("row").filter(has_text="Role changed")
    entry.wait_for()
    page.get_by_role("row").filter(has_text="Logged in").first.wait_for(state="detached")
    assert web.find_violations() == []
