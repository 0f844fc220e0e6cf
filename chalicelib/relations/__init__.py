"""Relations between two tasks: blocks, relates to, duplicates; also across projects.

Items: Relation.
Imports: access, activity, copies, dynamodb, http, members, projects, task_lists, tasks.
"""
