// Other people's implementations in Node, at the same foreign cards as ours: the setup on the first line, then one round a
// line; the answer is microseconds a card, or what went wrong. Argument: the folder with their node_modules.
import { webcrypto } from "node:crypto";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { inflateRawSync } from "node:zlib";
import { rolldown } from "rolldown";

const folder = process.argv[2];
const require = createRequire(`${folder}/package.json`);
// What they print would stand among the answers.
for (const name of ["log", "warn", "info"]) console[name] = () => {};

function expect(condition) {
  if (!condition) throw new Error("does not take a sound card");
}

const PEERS = {
  "@pathcheck/dcc-sdk": async ({ dcc, kid, spki }) => {
    // Its modules are for a bundler; what it has for Node cannot read the packages that it needs today.
    const [input, file] = [`${folder}/node_modules/@pathcheck/dcc-sdk/lib/main.js`, `${folder}/dcc-sdk.cjs`];
    const bundle = await rolldown({ input, platform: "node", logLevel: "silent" });
    await bundle.write({ file, format: "cjs" });
    const sdk = require(file);
    sdk.addCachedKeys({ [kid]: spki });
    return [dcc, async (text) => expect((await sdk.unpackAndVerify(text)).status === "verified")];
  },
  "dcc-utils": async ({ dcc, kid, spki }) => {
    const { DCC } = require("dcc-utils");
    const publicKeyAlgorithm = { name: "ECDSA", namedCurve: "P-256", hash: { name: "SHA-256" } };
    const keys = { [kid]: { publicKeyPem: spki, publicKeyAlgorithm } };
    return [dcc, async (text) => expect(await (await DCC.fromRaw(text)).checkSignatureWithKeysList(keys))];
  },
  jose: async ({ shc, jwk }) => {
    const jose = await import(pathToFileURL(require.resolve("jose")));
    const key = await jose.importJWK(jwk, "ES256");
    const read = async (text) => {
      const jws = text.slice("shc:/".length).replace(/../g, (two) => String.fromCharCode(45 + Number(two)));
      const { payload } = await jose.compactVerify(jws, key);
      expect(JSON.parse(inflateRawSync(payload).toString()).vc);
    };
    return [shc, read];
  },
};

globalThis.crypto ??= webcrypto;
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const setup = JSON.parse((await lines.next()).value);
const ready = {};
for (const [name, prepare] of Object.entries(PEERS)) {
  try {
    const [texts, read] = await prepare(setup);
    for (const text of texts) await read(text);
    ready[name] = [texts, read];
  } catch (error) {
    ready[name] = String(error).split("\n")[0];
  }
}
for await (const _ of { [Symbol.asyncIterator]: () => lines }) {
  const answer = {};
  for (const [name, peer] of Object.entries(ready)) {
    if (typeof peer === "string") {
      answer[name] = peer;
      continue;
    }
    const [texts, read] = peer;
    const began = performance.now();
    for (const text of texts) await read(text);
    answer[name] = ((performance.now() - began) * 1000) / texts.length;
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
