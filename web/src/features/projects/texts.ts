/** The texts of the members of a project and its invitations. */
import { chooseTexts } from "../../i18n";

const en = {
  added: "The person is a member now.",
  invite: "Invite people",
  inviteButton: "Invite",
  invited: (email: string) => `An invitation to ${email} is on its way.`,
  pending: "Open invitations",
  remove: (name: string) => `Remove ${name}`,
  resend: "Resend",
  resent: "The invitation is on its way again.",
  revoke: "Revoke",
  revoked: "The invitation is revoked.",
  role: "Role",
  roleOf: (name: string) => `Role of ${name}`,
  until: (day: string) => `until ${day}`,
};

const de: typeof en = {
  added: "Die Person ist jetzt Mitglied.",
  invite: "Personen einladen",
  inviteButton: "Einladen",
  invited: (email) => `Eine Einladung an ${email} ist unterwegs.`,
  pending: "Offene Einladungen",
  remove: (name) => `${name} entfernen`,
  resend: "Erneut senden",
  resent: "Die Einladung ist noch einmal unterwegs.",
  revoke: "Zurückziehen",
  revoked: "Die Einladung ist zurückgezogen.",
  role: "Rolle",
  roleOf: (name) => `Rolle von ${name}`,
  until: (day) => `bis ${day}`,
};

export const texts = chooseTexts({ en, de });
