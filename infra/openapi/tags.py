"""The tags of the OpenAPI document, in the order in which a client meets them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Tag:
    """A group of operations; it takes the paths that begin with one of `paths`."""

    name: str
    description: str
    paths: tuple[str, ...]

    def match_length(self, path: str) -> int:
        """Return the length of the longest of `paths` that `path` begins with; 0 if none does."""
        lengths = (len(each) for each in self.paths if f"{path}/".startswith(f"{each}/"))
        return max(lengths, default=0)


TAGS = (
    Tag(
        "auth",
        "Register, log in and out, and manage the password and email address.",
        ("/api/auth",),
    ),
    Tag(
        "profile",
        "The caller's own account, its settings and its avatar image.",
        ("/api/auth/profile",),
    ),
    Tag(
        "second factors",
        "Authenticator apps, recovery codes, and the proof that changes of credentials need.",
        ("/api/auth/second-factors", "/api/auth/step-up"),
    ),
    Tag(
        "identities",
        "Sign in with identity providers (OpenID Connect), and linked identities.",
        ("/api/auth/identity-providers", "/api/auth/sign-in", "/api/auth/identities"),
    ),
    Tag("sessions", "The caller's active logins.", ("/api/auth/sessions",)),
    Tag("API tokens", "Long-lived tokens for scripts and integrations.", ("/api/auth/tokens",)),
    Tag("users", "Find a user by email address or username.", ("/api/users",)),
    Tag(
        "projects",
        "Create, read, change, archive, delete and restore projects.",
        ("/api/projects",),
    ),
    Tag(
        "members",
        "The members of a project, their roles, and the project's owner.",
        (
            "/api/projects/{project_id}/members",
            "/api/projects/{project_id}/leave",
            "/api/projects/{project_id}/transfer",
        ),
    ),
    Tag(
        "invitations",
        "Invitations to a project for email addresses that no account has verified.",
        (
            "/api/projects/{project_id}/invitations",
            "/api/invitations",
        ),
    ),
    Tag("labels", "The labels of a project.", ("/api/projects/{project_id}/labels",)),
    Tag("tasks", "Create, list, change, delete and restore tasks.", ("/api/tasks",)),
    Tag("views", "Saved filters and orders of task lists.", ("/api/views",)),
    Tag(
        "relations",
        "Tasks that block, duplicate or relate to each other.",
        ("/api/tasks/{task_id}/relations",),
    ),
    Tag("comments", "Comments on a task.", ("/api/tasks/{task_id}/comments",)),
    Tag("markdown", "Markdown texts as HTML.", ("/api/markdown",)),
    Tag(
        "attachments",
        "Files of a task, uploaded directly to S3.",
        ("/api/tasks/{task_id}/attachments",),
    ),
    Tag(
        "reminders", "The reminders of a task, sent by email.", ("/api/tasks/{task_id}/reminders",)
    ),
    Tag(
        "watchers",
        "The users who get an email about new comments on a task.",
        ("/api/tasks/{task_id}/watchers",),
    ),
    Tag(
        "notifications",
        "The caller's inbox: what happened, and what of it is unread.",
        ("/api/notifications",),
    ),
    Tag(
        "activity",
        "The history of changes of a task or a project.",
        (
            "/api/tasks/{task_id}/activity",
            "/api/projects/{project_id}/activity",
        ),
    ),
    Tag("trash", "Deleted projects and tasks that can still be restored.", ("/api/trash",)),
    Tag(
        "changes",
        "Changes since the last request, for clients that keep a local copy.",
        ("/api/changes",),
    ),
    Tag("live", "One-time tickets for live connections (WebSocket).", ("/api/live",)),
    Tag(
        "audit log",
        "Who did what to accounts, members, tokens, webhooks and exports.",
        ("/api/projects/{project_id}/audit", "/api/auth/audit", "/api/admin/audit"),
    ),
    Tag(
        "calendar feeds",
        "Tasks in calendar programs, at secret addresses.",
        ("/api/calendar-feeds", "/api/calendar"),
    ),
    Tag(
        "webhooks",
        "Signed requests that tell other systems of a project's events, and the log of them.",
        ("/api/projects/{project_id}/webhooks",),
    ),
    Tag(
        "exports",
        "All data of a project or of the caller's account as files.",
        (
            "/api/projects/{project_id}/exports",
            "/api/auth/profile/exports",
        ),
    ),
    Tag("imports", "Tasks from files of other products and from exports.", ("/api/imports",)),
    Tag(
        "reports",
        "Metrics of a project for a range of days.",
        ("/api/projects/{project_id}/reports",),
    ),
    Tag(
        "unsubscribe", "Turn off a kind of email with the link in the email.", ("/api/unsubscribe",)
    ),
    Tag("admin", "Manage accounts as site staff.", ("/api/admin",)),
    Tag("documentation", "The OpenAPI document, Swagger UI and Redoc.", ("/api/schema",)),
    Tag(
        "health",
        "The API's name, stage and health.",
        (
            "/api",
            "/api/health",
        ),
    ),
)


def get_tag(path: str) -> Tag:
    """Return the tag of a route's path: the one with the longest match. Raises LookupError."""
    tag = max(TAGS, key=lambda tag: tag.match_length(path))
    if not tag.match_length(path):
        raise LookupError(f"{path} needs a tag in infra/openapi/tags.py")
    return tag
