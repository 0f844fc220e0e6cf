/** Passkeys, by the browser's own functions of Web Authentication (Level 3). */
import type { components } from "../../api/schema";

type Schemas = components["schemas"];

/** The browser has no passkeys, or the person has canceled its question. */
export class PasskeyError extends Error {
  readonly code: "unsupported" | "known" | "canceled";

  constructor(code: PasskeyError["code"]) {
    super(code);
    this.name = "PasskeyError";
    this.code = code;
  }
}

/** Asks the browser for a new passkey. Throws `PasskeyError`. */
export async function createPasskey(
  options: Schemas["PasskeyCreationOptions"],
): Promise<Schemas["Attestation"]> {
  requireSupport();
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  const credential = await ask(() => navigator.credentials.create({ publicKey }));
  return credential.toJSON() as Schemas["Attestation"];
}

/** Asks the browser for the proof of a passkey. Throws `PasskeyError`. */
export async function provePasskey(
  options: Schemas["PasskeyRequestOptions"],
): Promise<Schemas["Assertion"]> {
  requireSupport();
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  const credential = await ask(() => navigator.credentials.get({ publicKey }));
  return credential.toJSON() as Schemas["Assertion"];
}

/** Browsers have these functions since 2025: Chrome 129, Firefox 119, Safari 18.4. */
function requireSupport(): void {
  if (!("PublicKeyCredential" in window && "parseCreationOptionsFromJSON" in PublicKeyCredential)) {
    throw new PasskeyError("unsupported");
  }
}

async function ask(question: () => Promise<Credential | null>): Promise<PublicKeyCredential> {
  try {
    return (await question()) as PublicKeyCredential;
  } catch (error) {
    const isKnown = error instanceof DOMException && error.name === "InvalidStateError";
    throw new PasskeyError(isKnown ? "known" : "canceled");
  }
}
