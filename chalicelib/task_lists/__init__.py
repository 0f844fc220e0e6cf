"""Lists of tasks: filters, orders, search and statistics.

Common lists are read from one partition; all others come from the project's list snapshot in S3.

Items: FilterEntry, SearchTerm.
Imports: access, aws, dynamodb, http, jobs, projects, relations, representations, tasks, views.
"""
