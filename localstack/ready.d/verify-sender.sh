#!/bin/sh
# Runs inside LocalStack once it is up: community LocalStack does not create
# AWS::SES::EmailIdentity verified, and refuses mails from an unverified sender.
set -eu
awslocal ses verify-email-identity --email-address no-reply@tasks.example.com
