"""Projects: create, change, archive, move to the trash, and the counters of their tasks.

A weekly job compares the counters with the tasks and repairs them.

Items: Project, ProjectCounters, ProjectKeyClaim.
Imports: access, accounts, attachments, audit, copies, dynamodb, http, jobs, members, relations,
reports, task_lists, tasks.
"""
