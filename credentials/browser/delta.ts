// What has changed since this gate last asked, as verifier/delta.py tells it.

import { CredentialError } from "./errors";
import { readSnapshot, type Held, type SnapshotJson, type TrustJson } from "./trust";

/** From `since` to `position`; what is not named stands as it is. */
export interface DeltaJson extends Partial<Pick<SnapshotJson, "member" | "gate" | "policy" | "rules" | "reasons">> {
  since: string;
  position: string;
  trust: Omit<TrustJson, "members" | "denied"> & Partial<TrustJson>;
  statuses: { [member: string]: string };
  segments: { [member: string]: string[] };
  gone: string[];
}

/**
 * What is held after an answer of the service, a whole snapshot or a delta. `before` is not changed, whatever happens.
 * Throws `delta-does-not-fit` for one that does not follow, or of which something that held before would not hold: then
 * ask for the whole, without `since`. Throws `older` for what is older than what is held.
 */
export async function take(answer: SnapshotJson | DeltaJson, before: Held | null): Promise<Held> {
  if ((answer.trust?.registry_time ?? 0) < (before?.document.trust?.registry_time ?? 0)) throw new CredentialError("older");
  const document = "since" in answer ? apply(answer, before) : answer;
  const knowledge = await readSnapshot(document, before);
  if ("since" in answer && knowledge.failures.length > before!.knowledge.failures.length) throw doesNotFit();
  return { document, knowledge };
}

function apply({ since, gone, trust, statuses, segments, ...parts }: DeltaJson, before: Held | null): SnapshotJson {
  const held = before?.document;
  if (!held || held.position !== since) throw doesNotFit();
  const document: SnapshotJson = {
    ...held,
    ...parts,
    trust: { ...held.trust, ...trust } as TrustJson,
    statuses: { ...held.statuses, ...statuses },
    segments: { ...held.segments },
  };
  for (const member of Object.keys(statuses)) document.segments[member] = [];
  for (const [member, news] of Object.entries(segments)) {
    document.segments[member] = [...(document.segments[member] ?? []), ...news];
  }
  for (const member of gone) {
    delete document.statuses[member];
    delete document.segments[member];
  }
  return document;
}

function doesNotFit(): CredentialError {
  return new CredentialError("delta-does-not-fit");
}
