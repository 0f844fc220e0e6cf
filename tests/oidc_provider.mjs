// An OpenID provider for tests: the npm package oidc-provider, with everything in memory.
//
//     node oidc_provider.mjs <folder of the package> <issuer> <port> <redirect URI>
//
// Its login page accepts every password. The login is an email address, and also the subject. An address
// that begins with "unverified" is not verified. Each process signs with a key of its own. With
// CLAIMS=token, ID tokens have the address, as at Google; otherwise only the UserInfo endpoint has it, as
// the standard says.
import { createRequire } from "node:module";
import { generateKeyPairSync } from "node:crypto";
import { pathToFileURL } from "node:url";

const [folder, issuer, port, redirectUri] = process.argv.slice(2);
const require = createRequire(`${folder}/package.json`);
const { Provider } = await import(pathToFileURL(require.resolve("oidc-provider")));

const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const key = { ...privateKey.export({ format: "jwk" }), kid: `key ${Date.now()}`, use: "sig" };

const secret = "the secret of tests, which has more than 32 bytes";
const redirectUris = [redirectUri, redirectUri.replace(/[^/]*$/, "public")];
const client = { redirect_uris: redirectUris, client_secret: secret };

function findAccount(_context, login) {
  const claims = {
    sub: login,
    email: login,
    email_verified: !login.startsWith("unverified"),
    name: `The ${login.split("@")[0]}`,
    preferred_username: login,
  };
  return { accountId: login, claims: () => claims };
}

const provider = new Provider(issuer, {
  clients: [
    { ...client, client_id: "tasks" },
    { ...client, client_id: "symmetric", id_token_signed_response_alg: "HS256" },
    { ...client, client_id: "public", client_secret: undefined, token_endpoint_auth_method: "none" },
  ],
  jwks: { keys: [key] },
  findAccount,
  claims: { email: ["email", "email_verified"], profile: ["name", "preferred_username"] },
  conformIdTokenClaims: process.env.CLAIMS !== "token",
  enabledJWA: { idTokenSigningAlgValues: ["RS256", "HS256"] },
  cookies: { keys: ["tests"] },
  pkce: { required: () => true },
});
// Its pages would load a font from another host.
provider.use(async (context, next) => {
  await next();
  if (typeof context.body === "string") {
    context.body = context.body.replace(/@import url\([^)]*\);/, "");
  }
});
provider.listen(Number(port), "127.0.0.1", () => console.log("ready"));
