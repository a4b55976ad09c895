// The browser's judge for tests: answers the requests of tests/web/twin.py, one JSON value a line in Node, and as the
// function `answer` in a page.

import * as es256 from "../../credentials/browser/algorithms/es256";
import { importJwk, type PublicJwk } from "../../credentials/browser/algorithms/es256";
import { checkDecision } from "../../credentials/browser/decisions/proof";
import { shortReference } from "../../credentials/browser/decisions/short_reference";
import { checkSignatories } from "../../credentials/browser/decisions/signatories";
import { CredentialError } from "../../credentials/browser/errors";
import { unwrap } from "../../credentials/browser/formats/native";
import { decode } from "../../credentials/browser/formats/native/claims";
import { fromHex } from "../../credentials/browser/hex";
import type { TrustedKey } from "../../credentials/browser/keys";
import { readVkey } from "../../credentials/browser/log/keys";
import { proveList, type RecordJson } from "../../credentials/browser/log/list_proof";
import type { StatusCredential } from "../../credentials/browser/model";
import { STEPS } from "../../credentials/browser/profile";
import type { CardRules } from "../../credentials/browser/recognition/card_rules";
import { readRuleSet } from "../../credentials/browser/recognition/document";
import { compileRule, compileSoundParts } from "../../credentials/browser/recognition/language/certlogic";
import { ageInWords } from "../../credentials/browser/recognition/words";
import { VerifiedPayload } from "../../credentials/browser/wire/cose";
import * as jws from "../../credentials/browser/wire/jws";
import { type Json, parseJson } from "../../credentials/browser/wire/strict_json";
import { type DeltaJson, take } from "../../verifier/gate_app/judging/delta";
import {
  type HeldKnowledge,
  type Policy,
  type SnapshotJson,
  Trust,
  type TrustJson,
} from "../../verifier/gate_app/judging/knowledge";
import { judge } from "../../verifier/gate_app/judging/recipe";
import { toJson } from "../../verifier/gate_app/judging/verdict";

declare const process: undefined | { stdin: AsyncIterable<Uint8Array>; stdout: { write(text: string): void } };

interface Sample {
  knowledge: string;
  text: string;
  at: number;
  policy: Policy;
  clock_in_doubt: boolean;
  challenge: { gate: string; nonce: string } | null;
}

const known = new Map<string, HeldKnowledge>();

/** Take an answer up under a name, after what is held there; gives the code of what does not fit. */
async function follow({ name, answer }: { name: string; answer: SnapshotJson | DeltaJson }): Promise<unknown> {
  try {
    known.set(name, await take(answer, known.get(name) ?? null));
    return null;
  } catch (error) {
    if (error instanceof CredentialError) return error.code;
    throw error;
  }
}

/** Take a snapshot up under a name, instead of what is held there; gives what came of it. */
async function learn({ name, snapshot }: { name: string; snapshot: SnapshotJson }): Promise<unknown> {
  known.set(name, await take(snapshot, null));
  return tell({ name });
}

/** What is held under a name: what was left out, and each member's withdrawals. */
function tell({ name }: { name: string }): unknown {
  const { document, knowledge } = known.get(name)!;
  const statuses = [...knowledge.statuses].map(([member, status]) => {
    const lists = [...status.lists].map(([list, { expiresAt, withdrawn }]) => [list, expiresAt, [...withdrawn]]);
    return [member, { ...status, lists }];
  });
  return { failures: knowledge.failures, document, statuses: Object.fromEntries(statuses) as unknown };
}

/** The verdict on one code, as JSON. */
async function check(sample: Sample): Promise<unknown> {
  const { knowledge } = known.get(sample.knowledge)!;
  const nonce = (hex: string) => Uint8Array.from(hex.match(/../g)!, (byte) => parseInt(byte, 16));
  const challenge = sample.challenge && { gate: sample.challenge.gate, nonce: nonce(sample.challenge.nonce) };
  const { text, at, policy, clock_in_doubt } = sample;
  return toJson(await judge(text, knowledge, at, policy, clock_in_doubt, challenge), knowledge.reasons);
}

/** What the check of a list's proof gives: the checkpoint, or the code of what is wrong. */
async function prove({ record }: { record: RecordJson }): Promise<unknown> {
  try {
    const { origin, size } = await proveList(record);
    return { origin, size: Number(size) };
  } catch (error) {
    if (error instanceof CredentialError) return { code: error.code };
    throw error;
  }
}

/** What a rule makes of the data: a value, or `open` or `rule-set-invalid`. `sound`: its sound parts only, as in force. */
function decide({ logic, data, sound }: { logic: Json; data: unknown; sound?: boolean }): unknown {
  try {
    return { value: (sound ? compileSoundParts : compileRule)(logic)(data) };
  } catch (error) {
    if (error instanceof CredentialError) return { code: error.code };
    throw error;
  }
}

/** A rule set as it is read, and what it says of some codes; or the code of what is wrong. */
async function rules(request: {
  compact: string;
  member: string;
  trust: TrustJson;
  samples: unknown[];
  at: number;
}): Promise<unknown> {
  try {
    const read = await readRuleSet(request.compact, request.member, new Trust(request.trust));
    const said = request.samples.map((sample) => {
      const { state, rule } = read.judge(sample as StatusCredential, request.at);
      return [state, state === "pass" ? null : (rule?.id ?? null)];
    });
    const { member, ruleSet, version, sequence, validFrom, validUntil } = read;
    const lists = [read.acceptedStatuses, read.acceptedForms].map((list) => [...list].sort());
    const texts = read.rules.map(({ id, kinds, text, needed }) => [id, [...kinds].sort(), text, needed]);
    const denials = Object.fromEntries(read.denials);
    const cards = ((read.overCards as CardRules | null)?.rules ?? []).map((rule) => {
      const { id, format, kind, country, issuers, schema, text, needed } = rule;
      return [id, format, kind, country, [...issuers].sort(), schema, rule.validFrom, rule.validUntil, text, needed];
    });
    return { head: [member, ruleSet, version, sequence, validFrom, validUntil], lists, texts, denials, cards, said };
  } catch (error) {
    if (error instanceof CredentialError) return { code: error.code };
    throw error;
  }
}

/** Whether the signature of a JWS by this key holds, whatever its payload: null, or the code of what is wrong. */
async function jwsCode({ compact, jwk }: { compact: string; jwk: PublicJwk }): Promise<unknown> {
  try {
    const envelope = jws.read(compact);
    const key = { algorithm: "ES256", publicKey: importJwk(jwk) } as unknown as TrustedKey;
    await key.publicKey;
    await jws.verify({ ...envelope, payload: new TextEncoder().encode("{}") }, key, envelope.header.typ as string);
    return null;
  } catch (error) {
    if (error instanceof CredentialError) return error.code;
    throw error;
  }
}

/** Whether a signature r‖s over a message holds; all in hex but the key. */
async function signature({
  jwk,
  message,
  signed,
}: {
  jwk: PublicJwk;
  message: string;
  signed: string;
}): Promise<unknown> {
  const bytes = (hex: string) => Uint8Array.from(hex.match(/../g) ?? [], (byte) => parseInt(byte, 16));
  try {
    await es256.verify(await importJwk(jwk), bytes(signed), bytes(message));
    return null;
  } catch (error) {
    if (error instanceof CredentialError) return error.code;
    throw error;
  }
}

/** What a file proves about a code: null, or the code of what is wrong. `log`: the vkey of the province's log. */
async function decision({ file, text, log }: { file: string; text: string; log: string }): Promise<unknown> {
  try {
    const code = decode(new VerifiedPayload(unwrap(text).payload));
    await checkDecision(file, text, code, [await readVkey(log)]);
    return null;
  } catch (error) {
    if (error instanceof CredentialError) return error.code;
    throw error;
  }
}

/** What a file says of who signed it: of author and approver what does not hold, or null; the code of what is wrong with it all. */
async function signedBy({
  signatures,
  text,
  hour,
  number,
  ...log
}: {
  signatures: unknown;
  text: string;
  hour: number;
  number: number;
  size: number;
  root: string;
}): Promise<unknown> {
  const { member, author_unit, approver_unit } = JSON.parse(text) as {
    member: string;
    author_unit: string;
    approver_unit: string;
  };
  const checkpoint = { origin: "", size: BigInt(log.size), root: fromHex(log.root) };
  const place = {
    member,
    author_unit,
    approver_unit,
    text: new TextEncoder().encode(text),
    hour,
    number: BigInt(number),
  };
  try {
    const { author, approver } = await checkSignatories(signatures, place, checkpoint);
    return [author.fault, approver.fault];
  } catch (error) {
    if (error instanceof CredentialError) return error.code;
    throw error;
  }
}

const spoken = ({ reference }: { reference: string }) => shortReference(reference);

/** The code of what is wrong with JSON, whose bytes are given in hex; null when it is strict. */
function jsonCode({ bytes }: { bytes: string }): unknown {
  try {
    parseJson(Uint8Array.from(bytes.match(/../g) ?? [], (byte) => parseInt(byte, 16)));
    return null;
  } catch (error) {
    if (error instanceof CredentialError) return error.code;
    throw error;
  }
}

/** What both judges must say alike, beside what is made from one source. */
function words(): unknown {
  return { steps: STEPS, ages: [-1, 0, 3599, 86_399, 604_800].map(ageInWords) };
}

const TASKS = {
  rules,
  decision,
  signedBy,
  spoken,
  jsonCode,
  jwsCode,
  signature,
  learn,
  follow,
  tell,
  check,
  decide,
  words,
  prove,
} as Record<string, (request: never) => unknown>;

async function answer(request: { task: string }): Promise<unknown> {
  return TASKS[request.task]!(request as never);
}

async function answerLines(input: AsyncIterable<Uint8Array>, write: (text: string) => void): Promise<void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of input) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop()!;
    for (const line of lines) write(`${JSON.stringify(await answer(JSON.parse(line) as { task: string }))}\n`);
  }
}

if (typeof process === "undefined") Object.assign(globalThis, { answer });
else void answerLines(process.stdin, (text) => process!.stdout.write(text));
