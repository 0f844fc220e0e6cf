// An OpenID provider for tests: the npm package oidc-provider, with everything in memory.
//
//     node oidc_provider.mjs <folder of the package> <port> <redirect URI>...
//
// Its login page accepts every password. The login is `<subject>` or `<subject>:<email address>`;
// without the second part, the subject is the address. An address that begins with "unverified" is
// not verified. Each process signs with a key of its own.
import { createRequire } from "node:module";
import { generateKeyPairSync } from "node:crypto";
import { pathToFileURL } from "node:url";

const [folder, port, ...redirectUris] = process.argv.slice(2);
const require = createRequire(`${folder}/package.json`);
const { Provider } = await import(pathToFileURL(require.resolve("oidc-provider")));

const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const key = { ...privateKey.export({ format: "jwk" }), kid: `key ${Date.now()}`, use: "sig" };

const client = { redirect_uris: redirectUris, client_secret: "provider secret" };

function findAccount(_context, login) {
  const [subject, email = subject] = login.split(":");
  const claims = {
    sub: login,
    email,
    email_verified: !email.startsWith("unverified"),
    name: `The ${subject}`,
    preferred_username: email,
  };
  return { accountId: login, claims: () => claims };
}

const provider = new Provider(`http://localhost:${port}`, {
  clients: [
    { ...client, client_id: "tasks" },
    { ...client, client_id: "other" },
    { ...client, client_id: "symmetric", id_token_signed_response_alg: "HS256" },
    { ...client, client_id: "public", client_secret: undefined, token_endpoint_auth_method: "none" },
  ],
  jwks: { keys: [key] },
  findAccount,
  claims: { email: ["email", "email_verified"], profile: ["name", "preferred_username"] },
  conformIdTokenClaims: process.env.CLAIMS !== "in the token",
  enabledJWA: { idTokenSigningAlgValues: ["RS256", "HS256"] },
  cookies: { keys: ["tests"] },
  pkce: { required: () => true },
});
provider.listen(Number(port), "127.0.0.1", () => console.log("ready"));
