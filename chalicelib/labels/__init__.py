"""Labels of a project, which its tasks refer to by id.

A deleted label is removed from the tasks by a deferred update.

Items: Label, LabelName.
Imports: access, dynamodb, http, jobs, task_lists, tasks.
"""
