"""Second factors: time-based codes (TOTP), passkeys (WebAuthn), recovery codes, the second step of
a login, and step-up.

Items: Challenge, Passkey, SecondFactor.
Imports: access, accounts, audit, aws, dynamodb, http, mail, sessions.
"""
