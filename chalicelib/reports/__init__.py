"""Reports on a project: metrics, chart, CSV and the weekly report by email.

A background job computes them from the project's tasks.

Items: WeeklyReportSchedule.
Imports: access, accounts, aws, dynamodb, exports, http, jobs, mail, members, projects, tasks.
"""
