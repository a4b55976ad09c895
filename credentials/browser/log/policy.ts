// Whose signatures make a checkpoint count (C2SP tlog-policy), as in credentials/log/policy.py.

import { CredentialError, malformed, tooLarge } from "../errors";
import { type Checkpoint, readCheckpoint } from "./checkpoint";
import { hasSigned, isKeyOf, LOG, type NoteKey, readVkey, timeOf, WITNESS } from "./keys";
import { checkNote, type SignedNote } from "./note";

const MAX_POLICY_BYTES = 65_536;
const [MAX_LOGS, MAX_WITNESSES, MAX_GROUPS] = [64, 128, 64] as const;
const MAX_URL_CHARACTERS = 2_048;
const NONE = "none";
const ALLOWED = /^[\t\n -~\u0080-\u{10ffff}]*\n$/u;
const LEAST = /^[1-9][0-9]{0,2}$/;

export interface WitnessPolicy {
  readonly logs: readonly NoteKey[];
  readonly witnesses: ReadonlyMap<string, NoteKey>;
  readonly groups: ReadonlyMap<string, { least: number; members: readonly string[] }>;
  /** The name that has to have signed; null: no witness is needed. */
  readonly quorum: string | null;
}

/** Read a policy. Throws `too-large`, `malformed`. */
export async function readPolicy(text: string): Promise<WitnessPolicy> {
  if (new TextEncoder().encode(text).length > MAX_POLICY_BYTES) throw tooLarge(MAX_POLICY_BYTES, "bytes of a policy");
  if (!ALLOWED.test(text)) throw malformed("a policy is of whole lines, without control characters other than tabs");
  const reading = new PolicyReading();
  for (const line of text.slice(0, -1).split("\n")) {
    const words = line.split(/[\t ]/).filter(Boolean);
    if (words.length && !words[0]!.startsWith("#")) await reading.take(words);
  }
  return reading.policy();
}

/** The checkpoint in `note`, when one of the policy's logs signed it. Throws `malformed`, `wrong-signature`. */
export async function checkLog(policy: WitnessPolicy, note: SignedNote): Promise<Checkpoint> {
  const checkpoint = readCheckpoint(note);
  const ours = policy.logs.filter((log) => log.name === checkpoint.origin);
  await checkNote(note, ours);
  return checkpoint;
}

/**
 * The witnesses of the policy whose cosignature is on the note, and when each made it. A line that does not hold counts
 * for nothing, and not against the others: anybody can add one on the way.
 */
export async function cosigners(policy: WitnessPolicy, note: SignedNote): Promise<Map<NoteKey, bigint>> {
  const text = new TextEncoder().encode(note.text);
  const ours = [...policy.witnesses.values()];
  const found = new Map<NoteKey, bigint>();
  for (const { name, keyId, signature } of note.signatures) {
    const key = ours.find((each) => isKeyOf(each, name, keyId));
    if (key && !found.has(key) && (await hasSigned(key, signature, text))) found.set(key, timeOf(signature));
  }
  return found;
}

/** Return when these witnesses are enough. Throws `quorum-missing`. */
export function checkQuorum(policy: WitnessPolicy, signed: ReadonlySet<NoteKey>): void {
  if (policy.quorum !== null && !counts(policy, policy.quorum, signed)) throw new CredentialError("quorum-missing");
}

function counts(policy: WitnessPolicy, name: string, signed: ReadonlySet<NoteKey>): boolean {
  const group = policy.groups.get(name);
  if (!group) return signed.has(policy.witnesses.get(name)!);
  return group.members.filter((member) => counts(policy, member, signed)).length >= group.least;
}

/** What the lines so far have said. */
class PolicyReading {
  private readonly logs: NoteKey[] = [];
  private readonly witnesses = new Map<string, NoteKey>();
  private readonly groups = new Map<string, { least: number; members: readonly string[] }>();
  private quorum: string | null = null;
  private readonly grouped = new Set<string>();

  async take([kind, ...words]: string[]): Promise<void> {
    if (kind === "log") await this.log(words);
    else if (kind === "witness") await this.witness(words);
    else if (kind === "group") this.group(words);
    else if (kind === "quorum") this.asks(words);
    else throw malformed("none of log, witness, group, quorum");
  }

  policy(): WitnessPolicy {
    if (this.quorum === null) throw malformed("the policy has no line with its quorum");
    const { logs, witnesses, groups } = this;
    return { logs, witnesses, groups, quorum: this.quorum === NONE ? null : this.quorum };
  }

  private async log(words: string[]): Promise<void> {
    const key = await party(words, LOG);
    if (this.logs.length >= MAX_LOGS || has(this.logs, key)) throw malformed("too many logs, or the same key twice");
    this.logs.push(key);
  }

  private async witness(words: string[]): Promise<void> {
    const name = this.newName(words);
    const key = await party(words.slice(1), WITNESS);
    const held = [...this.witnesses.values()];
    if (held.length >= MAX_WITNESSES || has(held, key)) throw malformed("too many witnesses, or the same key twice");
    this.witnesses.set(name, key);
  }

  private group(words: string[]): void {
    const name = this.newName(words);
    const [, least = "", ...members] = words;
    if (this.groups.size >= MAX_GROUPS) throw malformed("too many groups");
    for (const member of members) {
      this.known(member);
      if (this.grouped.has(member)) throw malformed("a name is a member of one group at most, once");
      this.grouped.add(member);
    }
    this.groups.set(name, { least: leastOf(least, members.length), members });
  }

  private asks(words: string[]): void {
    const [name] = words;
    if (this.quorum !== null || words.length !== 1) throw malformed("exactly one quorum, with one name");
    if (name !== NONE) this.known(name!);
    this.quorum = name!;
  }

  private newName([name]: string[]): string {
    if (name === undefined || name === NONE || this.witnesses.has(name) || this.groups.has(name)) {
      throw malformed("no name, or one that stands for something already");
    }
    return name;
  }

  private known(name: string): void {
    if (!this.witnesses.has(name) && !this.groups.has(name)) throw malformed("a name that no line before it defines");
  }
}

async function party(words: string[], type: number): Promise<NoteKey> {
  const [vkey, url = ""] = words;
  if (vkey === undefined || words.length > 2 || [...url].length > MAX_URL_CHARACTERS) {
    throw malformed("a vkey, and perhaps one URL");
  }
  const key = await readVkey(vkey).catch((error) => {
    throw error instanceof CredentialError ? malformed(error.message) : error;
  });
  if (key.type !== type) throw malformed("a key of another type");
  return key;
}

function leastOf(text: string, members: number): number {
  if ((text === "any" || text === "all") && members) return text === "any" ? 1 : members;
  if (!LEAST.test(text) || Number(text) > members) throw malformed("any, all or a number of its members");
  return Number(text);
}

const has = (held: NoteKey[], key: NoteKey) =>
  held.some((each) => each.publicKey.every((byte, at) => byte === key.publicKey[at]));
