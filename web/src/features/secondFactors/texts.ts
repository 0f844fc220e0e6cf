/** The texts of second factors. */
import { chooseTexts } from "../../i18n";

const en = {
  add: "Set up an authenticator app",
  app: "Authenticator app",
  code: "Code of the authenticator app",
  codesCopied: "The recovery codes are copied.",
  codesIntro:
    "Keep these codes in a safe place, away from the app. Each replaces the app once. They are not shown again.",
  codesLeft: (count: number) => (count === 1 ? "1 code is left." : `${count} codes are left.`),
  codesTitle: "Recovery codes",
  confirm: "Confirm",
  copy: "Copy",
  done: "I have kept them",
  download: "Download",
  explanation:
    "With a second factor, a password that is lost or guessed is not enough to log in. An authenticator app on your phone shows a new code every 30 seconds.",
  key: "Or type this key into the app",
  print: "Print",
  proveTitle: "Confirm that it is you",
  proveWithCode: "This change needs a code of your second factor.",
  proveWithPassword: "This change needs your password.",
  qrCode: "QR code for the authenticator app",
  recoveryCode: "Recovery code",
  remove: "Remove the app",
  removed: "The authenticator app is removed.",
  removeText: "Then your password alone is enough to log in, and the recovery codes end.",
  renew: "New recovery codes",
  replace: "Set up another app",
  scan: "Scan this code with the app, and type the code that the app shows.",
  since: (day: string) => `In use since ${day}.`,
  title: "Two-factor authentication",
  useCode: "Use the authenticator app",
  useRecoveryCode: "Use a recovery code",
};

const de: typeof en = {
  add: "Authenticator-App einrichten",
  app: "Authenticator-App",
  code: "Code der Authenticator-App",
  codesCopied: "Die Wiederherstellungscodes sind kopiert.",
  codesIntro:
    "Bewahre diese Codes sicher und getrennt von der App auf. Jeder ersetzt die App einmal. Sie werden nicht noch einmal gezeigt.",
  codesLeft: (count) => (count === 1 ? "1 Code ist übrig." : `${count} Codes sind übrig.`),
  codesTitle: "Wiederherstellungscodes",
  confirm: "Bestätigen",
  copy: "Kopieren",
  done: "Ich habe sie aufbewahrt",
  download: "Herunterladen",
  explanation:
    "Mit einem zweiten Faktor reicht ein verlorenes oder erratenes Passwort nicht, um sich anzumelden. Eine Authenticator-App auf dem Telefon zeigt alle 30 Sekunden einen neuen Code.",
  key: "Oder gib diesen Schlüssel in die App ein",
  print: "Drucken",
  proveTitle: "Bestätige, dass du es bist",
  proveWithCode: "Diese Änderung braucht einen Code deines zweiten Faktors.",
  proveWithPassword: "Diese Änderung braucht dein Passwort.",
  qrCode: "QR-Code für die Authenticator-App",
  recoveryCode: "Wiederherstellungscode",
  remove: "App entfernen",
  removed: "Die Authenticator-App ist entfernt.",
  removeText:
    "Dann reicht dein Passwort allein, um dich anzumelden, und die Wiederherstellungscodes enden.",
  renew: "Neue Wiederherstellungscodes",
  replace: "Andere App einrichten",
  scan: "Scanne diesen Code mit der App und gib den Code ein, den die App zeigt.",
  since: (day) => `In Gebrauch seit ${day}.`,
  title: "Zwei-Faktor-Authentisierung",
  useCode: "Authenticator-App benutzen",
  useRecoveryCode: "Wiederherstellungscode benutzen",
};

export const texts = chooseTexts({ en, de });
