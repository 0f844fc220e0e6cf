"""Files of tasks and avatar images: upload forms, multipart uploads, storage quotas, downloads and
clean-up.

The bytes go straight between the client and S3.

Items: Attachment, Avatar, StorageUsage, Upload.
Imports: access, accounts, aws, copies, dynamodb, http, jobs, tasks.
"""
