// Signed status segments, as in credentials/status/segment.py: what was withdrawn since the one before.

import { CredentialError, malformed, tooLarge } from "../errors";
import { toHex } from "../hex";
import type { Keys } from "../keys";
import {
  MAX_SEGMENT_BYTES,
  MAX_SEGMENT_CHANGES,
  MAX_STATUS_LIST,
  MAX_STATUS_LISTS,
  MAX_STATUS_SEQUENCE,
  MAX_STATUS_WITHDRAWN,
  MAX_TIME_SECONDS,
  MIN_TIME_SECONDS,
  STATUS_HASH_BYTES,
  STATUS_LIST_SIZE,
} from "../profile";
import { loadFields, type Value } from "../wire/cbor";
import { openLayout, verify } from "../wire/cose";
import { requireFollows } from "./chain";
import * as gaps from "./gaps";
import { readHash, readIndices, readItems, readNumber, StatusList, type StatusSnapshot } from "./snapshot";

const KIND = "status-segment";
const FIELDS = 7;
const [OPENED_ITEMS, CHANGE_ITEMS] = [2, 4] as const;
const NO_SEGMENT = "00".repeat(STATUS_HASH_BYTES);

/** `opened`: list -> group expiry; `withdrawn`: list -> newly set indices, ascending. Hashes in hex, times in seconds. */
export interface Segment {
  member: string;
  number: number;
  asOf: number;
  previous: string;
  opened: ReadonlyMap<number, number>;
  withdrawn: ReadonlyMap<number, Uint32Array>;
  /** SHA-256 of the payload: what the next segment names. */
  digest: string;
}

/** Verify and read a segment of `member`. Throws what the formats throw, `unknown-key`, `issuer-mismatch`. */
export async function open(data: Uint8Array, member: string, trust: Keys): Promise<Segment> {
  const envelope = openLayout(data, MAX_SEGMENT_BYTES);
  const { payload } = await verify(envelope, trust.keyFor(envelope.kid, member, "status"));
  const digest = toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", payload as BufferSource)));
  const segment = decode(payload, digest);
  if (segment.member !== member) throw new CredentialError("issuer-mismatch", "the segment of another member");
  return segment;
}

/** The state after `segment`, a new snapshot without the lists retired by then; nothing held is changed. */
export function apply(snapshot: StatusSnapshot, segment: Segment): StatusSnapshot {
  if (segment.member !== snapshot.member) throw new CredentialError("issuer-mismatch", "the segment of another member");
  const held = { number: snapshot.sequence, asOf: snapshot.asOf, head: snapshot.head };
  requireFollows(held, { number: segment.number, asOf: segment.asOf, head: segment.digest }, segment.previous);
  const lists = new Map([...snapshot.lists].filter(([, list]) => list.expiresAt > segment.asOf));
  for (const [number, expiresAt] of segment.opened) {
    // Another expiry under the same number would bring a retired list back.
    if (snapshot.lists.has(number))
      throw new CredentialError("status-reference-invalid", `list ${number} opened twice`);
    lists.set(number, new StatusList(expiresAt));
  }
  for (const [number, indices] of segment.withdrawn) {
    const list = lists.get(number);
    if (!list) throw new CredentialError("status-reference-invalid", `list ${number} is unknown or retired`);
    lists.set(number, list.withSet(indices));
  }
  const total = [...lists.values()].reduce((sum, list) => sum + list.count, 0);
  if (lists.size > MAX_STATUS_LISTS || total > MAX_STATUS_WITHDRAWN)
    throw tooLarge(MAX_STATUS_WITHDRAWN, "withdrawals");
  const expiresAt = Math.min(segment.asOf + snapshot.expiresAt - snapshot.asOf, MAX_TIME_SECONDS);
  const { member, number, asOf, digest } = segment;
  return { member, sequence: number, asOf, expiresAt, lists, head: digest };
}

function decode(payload: Uint8Array, digest: string): Segment {
  // The chain hangs on payloads, so the same content has one payload, and any other coding of it is refused.
  const [kind, member, number, asOf, previous, opened, changes] = loadFields(payload, MAX_SEGMENT_BYTES, FIELDS, true);
  if (kind !== KIND || typeof member !== "string") throw malformed("not a status segment");
  const segment = {
    member,
    number: readNumber("number", number, 1, MAX_STATUS_SEQUENCE),
    asOf: readNumber("as-of", asOf, MIN_TIME_SECONDS, MAX_TIME_SECONDS),
    previous: readHash(previous),
    digest,
  };
  if ((segment.number === 1) !== (segment.previous === NO_SEGMENT)) throw malformed("the first segment follows none");
  return {
    ...segment,
    opened: readOpened(readItems(opened, OPENED_ITEMS), segment.asOf),
    withdrawn: readChanges(readItems(changes, CHANGE_ITEMS)),
  };
}

function readOpened(opened: Value[][], asOf: number): Map<number, number> {
  const lists = new Map<number, number>();
  let before = -1;
  for (const [list, expiresAt] of opened) {
    before = readNumber("list", list, before + 1, MAX_STATUS_LIST);
    lists.set(before, readNumber("group expiry", expiresAt, asOf + 1, MAX_TIME_SECONDS));
  }
  return lists;
}

/** All are counted before any is read. */
function readChanges(changes: Value[][]): Map<number, Uint32Array> {
  let [before, total] = [-1, 0];
  for (const [list, count] of changes) {
    before = readNumber("list", list, before + 1, MAX_STATUS_LIST);
    total += readNumber("count", count, 1, STATUS_LIST_SIZE);
  }
  if (total > MAX_SEGMENT_CHANGES) throw tooLarge(MAX_SEGMENT_CHANGES, "changes");
  return new Map(changes.map(([list, ...coded]) => [list as number, readChange(coded)]));
}

function readChange(coded: Value[]): Uint32Array {
  const indices = readIndices(coded);
  if (gaps.smallestParameter(indices) !== coded[1]) throw malformed("a status segment in another coding than its own");
  return indices;
}
