"""Background jobs: their queue and runner, the five-minute tick, deferred task updates, leases,
time budgets and the table's stream.

Each job is an item with a lease and can be resumed where it stopped.

Items: DeferredUpdate, Job, JobSlot, Lease, MaintenanceRun.
Imports: access, accounts, activity, attachments, audit, aws, comments, copies, dynamodb, exports,
http, imports, labels, live, mail, members, projects, relations, reports, sessions, task_lists,
tasks, trash, webhooks.
"""
