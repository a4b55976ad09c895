// The trust list that the verifier of this page goes by, as it gives it to every gate (docs/snapshot.md).

import { CredentialError } from "../../credentials/browser/errors";
import { type MemberJson, TrustedKey } from "../../credentials/browser/keys";
import { LOG, type NoteKey, readVkey, WITNESS } from "../../credentials/browser/log/keys";
import { Unproved } from "./unproved";

const SNAPSHOT = "../v1/snapshot";

/** Of a member, as far as a decision is proved by it. */
type Member = MemberJson & { readonly logs?: readonly string[] };

interface ListJson {
  readonly registry_time: number;
  readonly members: readonly Member[];
  readonly denied: readonly { kid: string }[];
}

export class TrustList {
  constructor(private readonly fields: ListJson) {}

  /** When the registry signed it, seconds UTC. */
  get registryTime(): number {
    return this.fields.registry_time;
  }

  /** The key of a code, ended since or not. Throws `key-denied`, `unknown-key`. */
  keyOf(kid: string): TrustedKey {
    if (this.fields.denied.some((denial) => denial.kid === kid)) throw new CredentialError("key-denied");
    for (const member of this.fields.members) {
      const key = member.keys.find((each) => each.kid === kid && each.use === "credential");
      if (key) return new TrustedKey(key, member);
    }
    throw new CredentialError("unknown-key");
  }

  /** The keys of a member's log. */
  async logsOf(member: string): Promise<NoteKey[]> {
    const named = this.fields.members.filter((each) => each.id === member);
    return keysOf(named, LOG);
  }

  /** The keys of all members' witnesses. */
  witnesses(): Promise<NoteKey[]> {
    return keysOf(this.fields.members, WITNESS);
  }
}

/** Asks this page's own verifier, and tells it nothing. Throws Unproved: `noList`. */
export async function fetchTrustList(): Promise<TrustList> {
  const answer = await fetch(SNAPSHOT).catch(() => null);
  const trust = answer?.ok
    ? await answer.json().then(
        (snapshot) => snapshot.trust,
        () => null,
      )
    : null;
  if (!trust) throw new Unproved("noList", answer ? `HTTP ${answer.status}` : "");
  return new TrustList(trust as ListJson);
}

async function keysOf(members: readonly Member[], type: number): Promise<NoteKey[]> {
  const keys = await Promise.all(members.flatMap((member) => (member.logs ?? []).map(readVkey)));
  return keys.filter((key) => key.type === type);
}
