// The signed status snapshot, as in credentials/status/snapshot.py.

import { loads, toHex, type Value } from "./cbor";
import { openLayout, verify } from "./cose";
import { CredentialError, malformed, tooLarge } from "./errors";
import * as gaps from "./gaps";
import {
  MAX_SIGNED_BYTES,
  MAX_STATUS_LIST,
  MAX_STATUS_LISTS,
  MAX_STATUS_SEQUENCE,
  MAX_STATUS_WITHDRAWN,
  MAX_TIME_SECONDS,
  MIN_TIME_SECONDS,
  STATUS_HASH_BYTES,
  STATUS_LIST_SIZE,
} from "./limits";
import type { StatusReference } from "./model";
import { isWhole } from "./regions";
import type { Trust } from "./trust";

const KIND = "status-snapshot";
const KEYS = [1, 2, 3, 4, 5, 6, 7];

/** One list of 2^20; `withdrawn` ascending. `expiresAt`: when the last code of its group has expired. */
export interface StatusList {
  expiresAt: number;
  withdrawn: Uint32Array;
}

/**
 * A member's current lists by number, as of one moment. Times in seconds UTC. `sequence` and `head`: number of the
 * newest segment that is in it, and SHA-256 of that segment's payload in hex.
 */
export interface StatusSnapshot {
  member: string;
  sequence: number;
  asOf: number;
  expiresAt: number;
  lists: ReadonlyMap<number, StatusList>;
  head: string;
}

/** Whether the bit is set. Throws `status-reference-invalid` for a list that is not current. */
export function isWithdrawn(snapshot: StatusSnapshot, reference: StatusReference): boolean {
  const list = snapshot.lists.get(reference.list);
  if (!list || reference.index >= STATUS_LIST_SIZE) throw new CredentialError("status-reference-invalid");
  const { withdrawn } = list;
  let [low, high] = [0, withdrawn.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (withdrawn[middle]! < reference.index) low = middle + 1;
    else high = middle;
  }
  return withdrawn[low] === reference.index;
}

/** Verify and read the snapshot of `member`. Throws what the formats throw, `unknown-key`, `issuer-mismatch`. */
export async function open(data: Uint8Array, member: string, trust: Trust): Promise<StatusSnapshot> {
  const envelope = openLayout(data, MAX_SIGNED_BYTES);
  const { payload } = await verify(envelope, trust.keyFor(envelope.kid, member, "status"));
  const snapshot = decode(payload);
  if (snapshot.member !== member) throw new CredentialError("issuer-mismatch", "the snapshot of another member");
  return snapshot;
}

function decode(payload: Uint8Array): StatusSnapshot {
  const fields = readFields(loads(payload, MAX_SIGNED_BYTES), KIND, KEYS);
  const [member, sequence, asOf, expiresAt, lists, head] = fields;
  if (!Array.isArray(lists)) throw malformed("not a status snapshot");
  if (lists.length > MAX_STATUS_LISTS) throw tooLarge(MAX_STATUS_LISTS, "status lists");
  const since = readNumber("as-of", asOf, MIN_TIME_SECONDS, MAX_TIME_SECONDS);
  return {
    member: member as string,
    sequence: readNumber("sequence", sequence, 1, MAX_STATUS_SEQUENCE),
    asOf: since,
    expiresAt: readNumber("expiry", expiresAt, since + 1, MAX_TIME_SECONDS),
    lists: readLists(lists, since),
    head: readHash(head),
  };
}

/** The values of the map with these keys in this order, its kind taken off; the first is the member's id. */
export function readFields(fields: Value, kind: string, keys: readonly number[]): Value[] {
  if (!(fields instanceof Map) || fields.size !== keys.length) throw malformed(`not a ${kind}`);
  const found = [...fields.keys()];
  const [first, ...values] = [...fields.values()] as Value[];
  if (!keys.every((key, at) => found[at] === key) || first !== kind || typeof values[0] !== "string") {
    throw malformed(`not a ${kind}`);
  }
  return values;
}

/** The hex of a SHA-256. Throws `malformed`. */
export function readHash(value: Value | undefined): string {
  if (!(value instanceof Uint8Array) || value.length !== STATUS_HASH_BYTES) throw malformed("not a SHA-256");
  return toHex(value);
}

function readLists(items: Value[], asOf: number): Map<number, StatusList> {
  const lists = new Map<number, StatusList>();
  let [before, total] = [-1, 0];
  for (const item of items) {
    if (!Array.isArray(item) || item.length !== 5) throw malformed("status list layout");
    const [list, expiresAt, count, parameter, data] = item;
    before = readNumber("list", list, before + 1, MAX_STATUS_LIST);
    const expiry = readNumber("group expiry", expiresAt, asOf + 1, MAX_TIME_SECONDS);
    total += readNumber("count", count, 0, STATUS_LIST_SIZE);
    if (total > MAX_STATUS_WITHDRAWN) throw tooLarge(MAX_STATUS_WITHDRAWN, "withdrawals");
    if (typeof parameter !== "number" || !(data instanceof Uint8Array)) throw malformed("status list layout");
    lists.set(before, { expiresAt: expiry, withdrawn: gaps.decode(count as number, parameter, data) });
  }
  return lists;
}

export function readNumber(name: string, value: Value | undefined, least: number, most: number): number {
  if (!isWhole(value, least, most)) throw malformed(`${name} out of range`);
  return value;
}
