"""The trash: list what was deleted, restore tasks, and purge all after thirty days.

Projects and tasks are moved to the trash by their own packages; projects also restores projects.

Items: none.
Imports: access, activity, attachments, copies, dynamodb, http, jobs, members, projects, relations,
task_lists, tasks, webhooks.
"""
