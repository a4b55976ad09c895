// What the wallet asks the issuer for. Each request carries a fresh proof by the key of this phone; showing a code asks
// for nothing.

import { sign } from "../../credentials/browser/es256";

const TYPE = "tongxing-holder+jws";
const TIMEOUT_SECONDS = 20;

/** Who issues here. `now`: the issuer's clock, seconds UTC; `environment`: codes of any but `production` are for trial. */
export interface Office {
  audience: string;
  environment: string;
  member: string;
  names: { zh: string; en: string };
  hotline: string;
  sign_in: boolean;
  now: number;
}

/** A code as the issuer hands it to a phone. Times in seconds UTC; `text` is what gates read, unsigned by the phone. */
export interface Issued {
  text: string;
  form: "phone" | "assisted" | "paper";
  status: "green" | "yellow" | "red" | "pending";
  holder: { name: string; document_tail: string };
  issued_at: number;
  expires_at: number;
}

/** Why the issuer refused: a stable code. `offline` when nobody answered. */
export class Refusal extends Error {
  constructor(readonly code: string) {
    super(code);
  }
}

export function office(): Promise<Office> {
  return ask("GET", "v1/wallet");
}

/** The code that a claim code stands for; null: for whoever has just signed in. */
export async function claim(code: string | null, keys: CryptoKeyPair, at: Office): Promise<Issued> {
  const holder_proof = await proof(keys, at);
  return ask("POST", "v1/wallet/claims", code === null ? { holder_proof } : { code, holder_proof });
}

/** The code that this phone should show from now on: the one that it has, or a newer one. */
export async function renew(keys: CryptoKeyPair, at: Office): Promise<Issued> {
  return ask("POST", "v1/wallet/renewals", { holder_proof: await proof(keys, at) });
}

export async function paper(keys: CryptoKeyPair, at: Office): Promise<Issued> {
  return ask("POST", "v1/wallet/paper", { holder_proof: await proof(keys, at, "paper") });
}

/** Give the phone up: its code is withdrawn. */
export async function release(keys: CryptoKeyPair, at: Office): Promise<unknown> {
  return ask("POST", "v1/wallet/release", { holder_proof: await proof(keys, at, "release") });
}

/** Where to go to sign in with the province's account. */
export async function signIn(language: string): Promise<string> {
  const { location } = await ask<{ location: string }>("POST", "v1/sign-in", { language });
  return location;
}

async function ask<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
  let answer: Response;
  try {
    answer = await fetch(`../${path}`, {
      method,
      cache: "no-store",
      signal: AbortSignal.timeout(TIMEOUT_SECONDS * 1000),
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } }),
    });
  } catch {
    throw new Refusal("offline");
  }
  const content = (await answer.json().catch(() => null)) as { code?: string } | null;
  if (!answer.ok || content === null) throw new Refusal(content?.code ?? "offline");
  return content as Answer;
}

/** Proof of possession (issuer/holder_proof.py), by the issuer's clock: the phone's may be minutes off. What a thief could
 * use without the phone asks for a proof for that deed alone. */
async function proof(keys: CryptoKeyPair, { audience, now }: Office, act?: "paper" | "release"): Promise<string> {
  const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", keys.publicKey);
  const point = base64url(fromBase64url(x!).slice(0, 8));
  const header = { alg: "ES256", kid: point, typ: TYPE };
  const payload = { aud: audience, iat: now, jwk: { crv, kty, x, y }, ...(act && { act }) };
  const signed = [header, payload].map((part) => base64url(new TextEncoder().encode(JSON.stringify(part)))).join(".");
  return `${signed}.${base64url(await sign(keys.privateKey, new TextEncoder().encode(signed)))}`;
}

function base64url(data: Uint8Array): string {
  return btoa(String.fromCharCode(...data)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

function fromBase64url(text: string): Uint8Array {
  return Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (character) => character.charCodeAt(0));
}
