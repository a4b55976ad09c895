// What has changed since this gate last asked, as verifier/snapshot/delta.py tells it.

import { CredentialError } from "../../../credentials/browser/errors";
import { type HeldKnowledge, readSnapshot, type SnapshotJson, type TrustJson } from "./knowledge";

/** From `since` to `position`; what is not named stands as it is. */
export interface DeltaJson
  extends Partial<Pick<SnapshotJson, "member" | "gate" | "policy" | "rules" | "foreign_keys" | "reasons">> {
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
export async function take(answer: SnapshotJson | DeltaJson, before: HeldKnowledge | null): Promise<HeldKnowledge> {
  if (before?.document.trust && isOlder(answer.trust, before.document.trust)) throw new CredentialError("older");
  const document = "since" in answer ? apply(answer, before) : answer;
  const knowledge = await readSnapshot(document, before);
  if (knowledge.unproven) foundUnproven(document, before);
  if ("since" in answer && knowledge.failures.length > before!.knowledge.failures.length) throw doesNotFit();
  const { foreignKeys } = knowledge;
  return { document: foreignKeys ? { ...document, foreign_keys: foreignKeys.compact } : document, knowledge };
}

/** What this browser finds wrong, though its service does not, counts from the list in which it was found first. */
function foundUnproven(document: SnapshotJson, before: HeldKnowledge | null): void {
  const trust = document.trust!;
  const known = before?.knowledge.unproven ? before.document.trust?.unproven_since : null;
  trust.unproven_since ??= known ?? trust.registry_time;
}

function apply(
  { since, gone, trust, statuses, segments, ...parts }: DeltaJson,
  before: HeldKnowledge | null,
): SnapshotJson {
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

/**
 * Whether a role of it is older than what is held, as check_not_older in trust_registry/client/trust/repository.py. By versions
 * alone: the registry's clock, or a thief's, may once have been ahead. Of two timestamps of one version, which no registry
 * signs, the first stays. What is held from a service that named no versions yields.
 */
function isOlder(trust: Omit<TrustJson, "members" | "denied"> | null, held: TrustJson): boolean {
  if (!trust) return true;
  if (!held.versions || held.anchor !== trust.anchor) return false;
  const version = (role: string) => trust.versions?.[role] ?? 0;
  const before = (role: string) => held.versions[role] ?? 0;
  if (version("root") > before("root")) return false;
  const isContradiction = version("timestamp") === before("timestamp") && trust.registry_time < held.registry_time;
  return isContradiction || Object.keys(held.versions).some((role) => version(role) < before(role));
}

function doesNotFit(): CredentialError {
  return new CredentialError("delta-does-not-fit");
}
