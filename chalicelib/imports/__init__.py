"""Import tasks from the files of Todoist, Trello, Asana and GitHub, and from this product's own
export.

A job reads an uploaded file, reports the problems of each line, and creates each task once.

Items: none.
Imports: access, accounts, audit, aws, comments, copies, dynamodb, exports, http, jobs, labels,
members, projects, ranks, recurrence, relations, sessions, tasks.
"""
