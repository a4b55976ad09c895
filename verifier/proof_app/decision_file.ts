// The file by which a resident proves a decision, judged by a trust list, as in credentials/decisions/proof.py and
// trust_registry/client/decision_proof.py.

import { checkDecision, type ProvedDecision } from "../../credentials/browser/decisions/proof";
import type { Signatories } from "../../credentials/browser/decisions/signatories";
import { CredentialError } from "../../credentials/browser/errors";
import { unwrap } from "../../credentials/browser/formats/native";
import { decode } from "../../credentials/browser/formats/native/claims";
import { readCheckpoint } from "../../credentials/browser/log/checkpoint";
import { type NoteKey, timeOf } from "../../credentials/browser/log/keys";
import { checkNote, type SignedNote } from "../../credentials/browser/log/note";
import { type LogProof, readProof } from "../../credentials/browser/log/proof";
import { equal } from "../../credentials/browser/log/tree";
import type { StatusCredential } from "../../credentials/browser/model";
import { type Label, MEMBER_NAMES, REASON_LABELS, STATUS_LABELS } from "../../credentials/browser/profile";
import { verify } from "../../credentials/browser/wire/cose";
import { type Json, parseJson } from "../../credentials/browser/wire/strict_json";
import { each, NO_WORDS } from "../../credentials/browser/words";
import { moment } from "../../service_kit/browser/language";
import type { Proved, Sentence } from "./proved";
import type { TrustList } from "./trust_list";
import { judged, Unproved } from "./unproved";

const FORMAT = "tongxing-decision/";
const FIELDS = "code format index path proof salt text";
const BY_HAND = "decided-by-hand";
const MAX_TIME_SECONDS = 2 ** 32;

/** Whether a file is one of these; a damaged one still names its format. */
export const isDecisionFile = (content: Uint8Array) =>
  /^\s*\{/.test(new TextDecoder().decode(content)) && new TextDecoder().decode(content).includes(FORMAT);

/** Throws Unproved: `cut`, `noCode`, `key`, `signature`, `parts`, `otherLog`, `tree`, and those of `requireSigned`. */
export async function proveDecision(content: Uint8Array, list: TrustList): Promise<Proved> {
  const { code: codeText, proof: proofText } = await judged(() => readFields(content));
  const code = await judged(() => readCode(codeText, list));
  const proof = await judged(() => readProof(new TextEncoder().encode(proofText)));
  const logs = await logsFor(proof, code, list);
  const text = new TextDecoder().decode(content);
  const proved = await judged(() => checkDecision(text, codeText, code, logs));
  requireSigned(proved.signed);
  const witnesses = await judged(async () => cosigned(proof.note, await list.witnesses()));
  return told(code, proof, proved, witnesses, list);
}

/** The fields that are texts, once the file has those of its kind and no others, and is as strict as whatever is signed. */
function readFields(content: Uint8Array): { code: string; proof: string } {
  const file = parseJson(content) as Record<string, Json>;
  const names = Object.keys(file).filter((name) => name !== "signatures");
  const { code, proof, text } = file;
  if (code === null) throw new Unproved("noCode");
  if (names.sort().join(" ") !== FIELDS || typeof code !== "string" || typeof proof !== "string")
    throw new CredentialError("malformed", "fields of another file");
  if (typeof text !== "string" || !Number.isSafeInteger(file.index) || !Array.isArray(file.path))
    throw new CredentialError("malformed", "text, index or path");
  parseJson(new TextEncoder().encode(text));
  return { code, proof };
}

/** The code, signed by a key of the member that it names. */
async function readCode(text: string, list: TrustList): Promise<StatusCredential> {
  const envelope = unwrap(text);
  const key = list.keyOf(envelope.kid);
  const code = decode(await verify(envelope, key));
  if (code.issuer !== key.member.id) throw new CredentialError("issuer-mismatch");
  return code;
}

async function logsFor({ extra, note }: LogProof, code: StatusCredential, list: TrustList): Promise<NoteKey[]> {
  const { origin } = await judged(() => readCheckpoint(note));
  await judged(() => parseJson(extra ?? new Uint8Array()));
  const logs = await list.logsOf(code.issuer);
  if (!logs.some((log) => log.name === origin)) throw new Unproved("otherLog", origin);
  return logs;
}

/** Witnesses whose line stands on the note, by name, with the time of each. Throws `wrong-signature`. */
async function cosigned(note: SignedNote, witnesses: readonly NoteKey[]): Promise<Map<string, number>> {
  const lines = note.signatures.map((line) => ({
    line,
    key: witnesses.find((each) => each.name === line.name && equal(each.id, line.keyId)),
  }));
  const named = lines.filter(({ key }) => key);
  if (named.length)
    await checkNote(
      note,
      named.map(({ key }) => key!),
    );
  return new Map(named.map(({ line, key }) => [key!.name, Number(timeOf(line.signature))]));
}

function told(
  code: StatusCredential,
  proof: LogProof,
  { told: text, checkpoint, signed }: ProvedDecision,
  witnesses: ReadonlyMap<string, number>,
  list: TrustList,
): Proved {
  return {
    title: "decisionHolds",
    facts: [
      ["province", MEMBER_NAMES[code.issuer] ?? code.issuer],
      ["holder", `${code.holderName} · ${code.documentTail}`],
      ["status", STATUS_LABELS[code.status]],
      ["reason", REASON_LABELS[code.reason]],
      ["unit", [text.unit, text.author_unit, text.approver_unit].filter(Boolean).join(" · ")],
      ["author", signed?.author.staff ?? ""],
      ["approver", signed?.approver.staff ?? ""],
      ["since", when(text.starts_at)],
      ["until", when(text.ends_at)],
      ["appeal", when(text.appeal_until)],
      ["log", checkpoint.origin],
      ["leaf", `${proof.number} / ${checkpoint.size}`],
      ["cosigned", listed(witnesses)],
    ],
    checked: checked(list, witnesses.size, signed),
    unchecked: unchecked(kindOf(proof), signed),
    leaf: new TextDecoder().decode(proof.extra!),
  };
}

const listed = (witnesses: ReadonlyMap<string, number>) =>
  each((language) => [...witnesses].map(([name, at]) => `${name} (${moment(at, language, true)})`).join(", "));

/** Throws Unproved: `author`, `approver`, `bothStaff`, by whose signature does not hold. */
function requireSigned(signed: Signatories | null): void {
  const [author, approver] = [signed?.author.fault, signed?.approver.fault];
  if (author && approver) throw new Unproved("bothStaff", `${author}, ${approver}`);
  if (author) throw new Unproved("author", author);
  if (approver) throw new Unproved("approver", approver);
}

function checked(list: TrustList, count: number, signed: Signatories | null): readonly Sentence[] {
  return [
    ["codeIsSigned", { time: when(list.registryTime) }],
    ["codeNamesText"],
    ["leafCounts"],
    ["logIsSigned"],
    ...(signed ? [["staffSigned"] as const] : []),
    count ? ["toldWitnesses", { count }] : ["noWitness"],
  ];
}

const kindOf = ({ extra }: LogProof) => (JSON.parse(new TextDecoder().decode(extra!)) as { kind: string }).kind;

function unchecked(kind: string, signed: Signatories | null): readonly Sentence[] {
  const staff = signed ? "notStaffRoot" : "notStaff";
  return [["notList"], ["notInForce"], ...(kind === BY_HAND ? [[staff] as const] : []), ["notRight"]];
}

/** A time of a text, which may say anything. */
function when(seconds: unknown): Label {
  const isTime = Number.isSafeInteger(seconds) && 0 <= (seconds as number) && (seconds as number) < MAX_TIME_SECONDS;
  return isTime ? each((language) => moment(seconds as number, language, true)) : NO_WORDS;
}
