"""Second factors: time-based codes (TOTP), passkeys (WebAuthn) and recovery codes, for the second
step of a login and for the step-up.

Items: Challenge, Passkey, SecondFactor.
Imports: access, accounts, audit, aws, dynamodb, http, mail, sessions.
"""
