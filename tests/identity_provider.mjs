// A certified OpenID provider (npm oidc-provider), run by tests/identity_provider.py. Standard input: one line of JSON,
// {host, port, clients, keys, accounts: {id: claims}, in_id_token}. Says the port on standard output when it listens.
//
// Who signs in is whom the browser's cookie "account" names; the account "nobody" says no.

import { createServer } from "node:http";
import { createInterface } from "node:readline";

import { Provider } from "oidc-provider";

const [line] = await new Promise((resolve) => createInterface({ input: process.stdin }).once("line", (text) => resolve([text])));
const { host, port, clients, keys, accounts, in_id_token: inIdToken } = JSON.parse(line);
const server = createServer();
await new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));

const provider = new Provider(`http://${host}:${server.address().port}`, {
  clients,
  jwks: { keys },
  claims: { openid: ["sub", "document_number"], profile: ["name"] },
  conformIdTokenClaims: !inIdToken,
  cookies: { keys: ["of-tests-alone"] },
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (_context, id) => accounts[id] && { accountId: id, claims: () => ({ sub: id, ...accounts[id] }) },
});

provider.use(async (context, next) => {
  if (!context.path.startsWith("/interaction/")) return next();
  const { params } = await provider.interactionDetails(context.req, context.res);
  const accountId = context.cookies.get("account");
  if (accountId === "nobody") {
    context.respond = false;
    return provider.interactionFinished(context.req, context.res, { error: "access_denied" });
  }
  const grant = new provider.Grant({ accountId, clientId: params.client_id });
  grant.addOIDCScope(params.scope);
  context.respond = false;
  return provider.interactionFinished(context.req, context.res, {
    login: { accountId },
    consent: { grantId: await grant.save() },
  });
});

server.on("request", provider.callback());
console.log(server.address().port);
