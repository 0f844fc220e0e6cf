"""Rules about sessions."""

from hypothesis.stateful import rule

from tests.proof.simulation.base import PERSON, Simulation
from tests.support import PASSWORD, sign_up

PASSWORD_CHANGES = 2  # a password may be changed five times in a while


class SessionRules(Simulation):
    """Rules: people end their sessions."""

    @rule(person=PERSON)
    def log_out(self, person: str) -> None:
        self._call(person, "POST", "/api/auth/logout", status=204)
        self._log_in_again(person)

    @rule(person=PERSON)
    def end_other_sessions(self, person: str) -> None:
        """Another session, which ends all others."""
        self.ended.append(self.people[person].token)
        elsewhere = sign_up(self.client, person)
        assert elsewhere.delete("/api/auth/sessions").status_code == 204
        self.people[person] = elsewhere

    @rule(person=PERSON)
    def change_password(self, person: str) -> None:
        """Change the password in this session, which ends another one."""
        if self.password_changes == PASSWORD_CHANGES:
            return
        self.password_changes += 1
        other = sign_up(self.client, person)
        body = {"password": PASSWORD, "new_password": PASSWORD, "new_password_confirm": PASSWORD}
        self._call(person, "POST", "/api/auth/change-password", body, status=204)
        self.ended.append(other.token)

    def _log_in_again(self, person: str) -> None:
        self.ended.append(self.people[person].token)
        self.people[person] = sign_up(self.client, person)
