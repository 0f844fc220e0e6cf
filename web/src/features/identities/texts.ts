/** The texts of the sign-in with identity providers. */
import { chooseTexts } from "../../i18n";

const en = {
  backToAccount: "Back to your account",
  canceled: "The sign-in was canceled.",
  continueWith: (name: string) => `Continue with ${name}`,
  explanation:
    "With a linked identity you log in without your password. It needs the same email address, and your password once.",
  failed: "The sign-in did not work",
  link: (name: string) => `Link ${name}`,
  linked: "The identity is linked.",
  noPassword: "You have no password yet?",
  or: "or",
  problems: {
    account_exists:
      "An account has this email address. Log in with its password, and link the identity in your account's security settings.",
    email_differs: "The identity has another email address than your account.",
    email_not_verified: "The provider does not say that it has verified your email address.",
    identity_taken: "The identity is linked to another account.",
    last_login_method: "This is your only way to log in. Choose a password first.",
    provider_unavailable: "The provider does not respond. Try again, or log in with your password.",
    sign_in_failed: "The sign-in took too long, or it was begun in another window. Start it again.",
  } as Record<string, string>,
  signingIn: "You are being signed in",
  title: "Sign-in",
  unlink: "Unlink",
  unlinked: "The identity is unlinked.",
  unlinkName: (name: string, email: string) => `Unlink ${name}, ${email}`,
};

const de: typeof en = {
  backToAccount: "Zurück zu deinem Konto",
  canceled: "Die Anmeldung wurde abgebrochen.",
  continueWith: (name) => `Weiter mit ${name}`,
  explanation:
    "Mit einer verknüpften Identität meldest du dich ohne dein Passwort an. Sie braucht dieselbe E-Mail-Adresse und einmal dein Passwort.",
  failed: "Die Anmeldung hat nicht geklappt",
  link: (name) => `${name} verknüpfen`,
  linked: "Die Identität ist verknüpft.",
  noPassword: "Du hast noch kein Passwort?",
  or: "oder",
  problems: {
    account_exists:
      "Ein Konto hat diese E-Mail-Adresse. Melde dich mit seinem Passwort an und verknüpfe die Identität in den Sicherheitseinstellungen deines Kontos.",
    email_differs: "Die Identität hat eine andere E-Mail-Adresse als dein Konto.",
    email_not_verified: "Der Anbieter sagt nicht, dass er deine E-Mail-Adresse geprüft hat.",
    identity_taken: "Die Identität ist mit einem anderen Konto verknüpft.",
    last_login_method: "Nur damit kannst du dich anmelden. Wähle zuerst ein Passwort.",
    provider_unavailable:
      "Der Anbieter antwortet nicht. Versuche es noch einmal oder melde dich mit deinem Passwort an.",
    sign_in_failed:
      "Die Anmeldung hat zu lange gedauert oder wurde in einem anderen Fenster begonnen. Beginne noch einmal.",
  },
  signingIn: "Du wirst angemeldet",
  title: "Anmeldung",
  unlink: "Trennen",
  unlinked: "Die Identität ist getrennt.",
  unlinkName: (name, email) => `${name}, ${email} trennen`,
};

export const texts = chooseTexts({ en, de });
