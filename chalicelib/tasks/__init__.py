"""Tasks: create, change, assign, delete, restore, subtasks, bulk operations and keys such as
`LAUNCH-12`.

Every change is one transaction over the task, its counters and its filter entries.

Items: Task, TaskNumber, TaskNumberSequence, TrashedTask.
Imports: access, accounts, dynamodb, http, jobs, labels, mail, members, projects, reminders,
reports, task_lists.
"""
