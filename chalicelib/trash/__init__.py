"""The trash: list what was deleted, and purge it after thirty days.

Projects and tasks are moved to the trash and restored by their own packages.

Items: none.
Imports: access, attachments, dynamodb, http, jobs, members, projects, task_lists, tasks.
"""
