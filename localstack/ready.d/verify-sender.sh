#!/bin/sh
# LocalStack runs this script when it is ready. Its community edition creates AWS::SES::EmailIdentity
# unverified, and rejects emails from an unverified sender.
set -eu
awslocal ses verify-email-identity --email-address no-reply@tasks.example.com
