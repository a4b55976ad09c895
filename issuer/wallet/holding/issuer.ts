// What the wallet asks the issuer for. Each request carries a fresh proof by the key of this phone; showing a code asks
// for nothing.

import { NATIVE } from "../../../credentials/browser/algorithms/table";
import { ask, NoAnswer } from "../../../service_kit/browser/device/network";
import type { HolderClock, Known } from "./clock";

const TYPE = "tongxing-holder+jws";
const TIMEOUT_SECONDS = 20;
/** How long to leave a service alone that is busy and does not say for how long. */
const PAUSE_SECONDS = 60;

/** Who issues here. `environment`: codes of any but `production` are for trial. */
export interface Office {
  audience: string;
  environment: string;
  member: string;
  names: { zh: string; en: string };
  hotline: string;
  sign_in: boolean;
  /** The key of its public log, as a vkey; empty where it publishes none. Cards from before may have nothing. */
  log?: string;
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

/**
 * Why there is no answer that helps: a stable code of the issuer's, or one of ours. `offline`: nobody answered; `busy`:
 * the service says that it cannot now; `garbled`: what answered was not the service, as in the network of a hotel.
 * `pause`: for how many seconds nobody should ask again by themselves.
 */
export class Refusal extends Error {
  constructor(
    readonly code: string,
    readonly pause = 0,
  ) {
    super(code);
  }
}

/** The issuer as this phone speaks with it: by its own clock, which is put right with each of its answers. */
export class Issuer {
  constructor(
    private readonly clock: HolderClock,
    private readonly keep: (known: Known) => void,
  ) {}

  office(): Promise<Office> {
    return this.ask<Office>("GET", "v1/wallet", undefined, ({ audience, member, hotline }) =>
      [audience, member, hotline].every(isText),
    );
  }

  /** The code that a claim code stands for; null: for whoever has just signed in. The same key may ask again. */
  claim(code: string | null, keys: CryptoKeyPair, at: Office): Promise<Issued> {
    return this.prove("v1/wallet/claims", keys, at, code === null ? {} : { code });
  }

  /** The code that this phone should show from now on: the one that it has, or a newer one. */
  renew(keys: CryptoKeyPair, at: Office): Promise<Issued> {
    return this.prove("v1/wallet/renewals", keys, at);
  }

  paper(keys: CryptoKeyPair, at: Office): Promise<Issued> {
    return this.prove("v1/wallet/paper", keys, at, {}, "paper");
  }

  /** The file that proves the decision behind the phone's code. */
  async decision(keys: CryptoKeyPair, at: Office): Promise<string> {
    const isAnswer = ({ file }: { file: string }) => isText(file);
    return (await this.proved("v1/wallet/decision", keys, at, {}, undefined, isAnswer)).file;
  }

  /** The file that says who of staff was shown what stands about this phone's person. */
  async lookUps(keys: CryptoKeyPair, at: Office): Promise<string> {
    const isAnswer = ({ file }: { file: string }) => isText(file);
    return (await this.proved("v1/wallet/look-ups", keys, at, {}, undefined, isAnswer)).file;
  }

  /** Give the phone up: its code is withdrawn. */
  async release(keys: CryptoKeyPair, at: Office): Promise<void> {
    const holder_proof = await proof(keys, at, this.clock.now(), "release");
    await this.ask<object>("POST", "v1/wallet/release", { holder_proof }, (answer) => "withdrawn" in answer);
  }

  /** Where to go to sign in with the province's account. */
  async signIn(language: string): Promise<string> {
    const { location } = await this.ask<{ location: string }>("POST", "v1/sign-in", { language }, (answer) =>
      isText(answer.location),
    );
    return location;
  }

  private prove(path: string, keys: CryptoKeyPair, at: Office, body = {}, act?: "paper"): Promise<Issued> {
    return this.proved(path, keys, at, body, act, isIssued);
  }

  /** Ask with a proof by the present time; where the issuer finds its time wrong, hear the time and ask once more. */
  private async proved<Answer>(
    path: string,
    keys: CryptoKeyPair,
    at: Office,
    body: object,
    act: "paper" | undefined,
    isAnswer: (answer: Answer) => boolean,
  ): Promise<Answer> {
    const ask = async () => {
      const holder_proof = await proof(keys, at, this.clock.now(), act);
      return this.ask<Answer>("POST", path, { ...body, holder_proof }, isAnswer);
    };
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof Refusal && error.code === "proof-of-possession-failed")) throw error;
      await this.office();
      return ask();
    }
  }

  /** `isAnswer`: whether a document is what the service answers here. Its time is believed with nothing but that. */
  private async ask<Answer>(
    method: string,
    path: string,
    body: unknown,
    isAnswer: (answer: Answer) => boolean,
  ): Promise<Answer> {
    const asked = this.clock.running();
    const [answer, content] = await sent<Answer & { code?: unknown; now?: unknown }>(method, path, body);
    if (answer.status >= 300 || answer.redirected) throw refusalOf(answer, content);
    if (!content || typeof content !== "object" || !isAnswer(content)) throw new Refusal("garbled");
    const age = Number(answer.headers.get("Age") ?? 0);
    if (Number.isSafeInteger(content.now) && Number.isSafeInteger(age) && age >= 0) {
      this.keep(this.clock.hear({ now: content.now as number, age, asked, come: this.clock.running() }));
    }
    return content;
  }
}

/** The answer and the document in it, null where it is none. */
async function sent<Content>(method: string, path: string, body: unknown): Promise<[Response, Content | null]> {
  const sending =
    body === undefined ? {} : { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } };
  const read = async (answer: Response): Promise<[Response, Content | null]> => [
    answer,
    parsed<Content>(await answer.text()),
  ];
  try {
    return await ask(`../${path}`, { method, cache: "no-store", ...sending }, TIMEOUT_SECONDS, read);
  } catch (error) {
    // A body that breaks off is a TypeError; whatever else is wrong is no matter of the network.
    if (error instanceof NoAnswer || error instanceof TypeError) throw new Refusal("offline");
    throw error;
  }
}

function parsed<Content>(text: string): Content | null {
  try {
    return JSON.parse(text) as Content;
  } catch {
    return null;
  }
}

/** What the service refuses has a code; without one something else answered in its place, or it could not speak. */
function refusalOf(answer: Response, content: { code?: unknown } | null): Refusal {
  const { status } = answer;
  const wait = Number(answer.headers.get("Retry-After"));
  const pause = status === 429 || status >= 500 ? (wait > 0 ? wait : PAUSE_SECONDS) : 0;
  if (isText(content?.code) && !answer.redirected) return new Refusal(content!.code as string, pause);
  return new Refusal(status === 429 ? "rate-limited" : status >= 500 ? "busy" : "garbled", pause);
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isIssued({ text, issued_at, expires_at }: Issued): boolean {
  return isText(text) && Number.isSafeInteger(issued_at) && Number.isSafeInteger(expires_at);
}

/** Proof of possession (issuer/requests/holder_proof.py), by the issuer's clock: the phone's may be minutes off. What a thief could
 * use without the phone asks for a proof for that deed alone. */
async function proof(
  keys: CryptoKeyPair,
  { audience }: Office,
  now: number,
  act?: "paper" | "release",
): Promise<string> {
  const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", keys.publicKey);
  const point = base64url(fromBase64url(x!).slice(0, 8));
  const header = { alg: NATIVE.NAME, kid: point, typ: TYPE };
  const payload = { aud: audience, iat: now, jwk: { crv, kty, x, y }, ...(act && { act }) };
  const signed = [header, payload].map((part) => base64url(new TextEncoder().encode(JSON.stringify(part)))).join(".");
  return `${signed}.${base64url(await NATIVE.sign(keys.privateKey, new TextEncoder().encode(signed)))}`;
}

function base64url(data: Uint8Array): string {
  return btoa(String.fromCharCode(...data))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=+$/, "");
}

function fromBase64url(text: string): Uint8Array {
  return Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (character) => character.charCodeAt(0));
}
