"""Tasks: create, change, assign, delete, subtasks, bulk operations and keys such as `LAUNCH-12`.

Every change is one transaction over the task, its counters and its filter entries.

Items: Task, TaskNumber, TaskNumberSequence, TrashedTask.
Imports: access, accounts, copies, dynamodb, http, jobs, labels, mail, markdown, members, projects,
recurrence, relations, reminders, reports, representations, task_lists.
"""
