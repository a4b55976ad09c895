// The signed status snapshot, as in credentials/status/snapshot.py.

import { CredentialError, malformed, tooLarge } from "../errors";
import { toHex } from "../hex";
import type { Keys } from "../keys";
import { isWhole } from "../members";
import type { StatusReference } from "../model";
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
} from "../profile";
import { loadFields, type Value } from "../wire/cbor";
import { openLayout, verify } from "../wire/cose";
import * as gaps from "./gaps";

const KIND = "status-snapshot";
const FIELDS = 7;
const LIST_ITEMS = 5;

const SHARE_BITS = 16;
const LOW = 2 ** SHARE_BITS - 1;
const SHARES = STATUS_LIST_SIZE >> SHARE_BITS;
const NOTHING_SET: readonly Uint16Array[] = Array.from({ length: SHARES }, () => new Uint16Array());

/**
 * One list of 2^20 and its set indices; never changed once made. `expiresAt`: when the last code of its group has expired.
 * `shares`: the list in 16 parts of 2^16 neighbours, each with the low 16 bits of its set indices, ascending. A list with
 * a few more set has all parts in common with the one before but those that changed.
 */
export class StatusList {
  constructor(
    readonly expiresAt: number,
    private readonly shares: readonly Uint16Array[] = NOTHING_SET,
  ) {}

  /** The list with these set as well, ascending. One that was set already stays set. */
  withSet(indices: Uint32Array): StatusList {
    const shares = [...this.shares];
    for (let start = 0, end = 0; start < indices.length; start = end) {
      const number = indices[start]! >> SHARE_BITS;
      while (end < indices.length && indices[end]! >> SHARE_BITS === number) end++;
      shares[number] = withLows(shares[number]!, indices.subarray(start, end));
    }
    return new StatusList(this.expiresAt, shares);
  }

  isSet(index: number): boolean {
    const share = this.shares[index >> SHARE_BITS]!;
    return share[placeOf(share, index & LOW)] === (index & LOW);
  }

  get count(): number {
    return this.shares.reduce((sum, share) => sum + share.length, 0);
  }

  /** All that are set, ascending: a new array, whose cost is that of the list. */
  get withdrawn(): Uint32Array {
    const whole = (share: Uint16Array, number: number) => Array.from(share, (low) => (number << SHARE_BITS) | low);
    return Uint32Array.from(this.shares.flatMap(whole));
  }
}

function withLows(share: Uint16Array, indices: Uint32Array): Uint16Array {
  if (!share.length) return Uint16Array.from(indices, (index) => index & LOW);
  const fresh = indices.map((index) => index & LOW).filter((low) => share[placeOf(share, low)] !== low);
  const both = new Uint16Array(share.length + fresh.length);
  let [from, to] = [0, 0];
  for (const low of fresh) {
    const at = placeOf(share, low);
    both.set(share.subarray(from, at), to);
    to += at - from;
    both[to++] = low;
    from = at;
  }
  both.set(share.subarray(from), to);
  return both;
}

/** Where the first that is not below `low` stands. */
function placeOf(share: Uint16Array, low: number): number {
  let [from, to] = [0, share.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (share[middle]! < low) from = middle + 1;
    else to = middle;
  }
  return from;
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
  return list.isSet(reference.index);
}

/** Verify and read the snapshot of `member`. Throws what the formats throw, `unknown-key`, `issuer-mismatch`. */
export async function open(data: Uint8Array, member: string, trust: Keys): Promise<StatusSnapshot> {
  const envelope = openLayout(data, MAX_SIGNED_BYTES);
  const { payload } = await verify(envelope, trust.keyFor(envelope.kid, member, "status"));
  const snapshot = decode(payload);
  if (snapshot.member !== member) throw new CredentialError("issuer-mismatch", "the snapshot of another member");
  return snapshot;
}

function decode(payload: Uint8Array): StatusSnapshot {
  const [kind, member, sequence, asOf, expiresAt, lists, head] = loadFields(payload, MAX_SIGNED_BYTES, FIELDS);
  if (kind !== KIND || typeof member !== "string") throw malformed("not a status snapshot");
  const since = readNumber("as-of", asOf, MIN_TIME_SECONDS, MAX_TIME_SECONDS);
  return {
    member,
    sequence: readNumber("sequence", sequence, 1, MAX_STATUS_SEQUENCE),
    asOf: since,
    expiresAt: readNumber("expiry", expiresAt, since + 1, MAX_TIME_SECONDS),
    head: readHash(head),
    lists: readLists(readItems(lists, LIST_ITEMS), since),
  };
}

/** An array of arrays of this length. */
export function readItems(value: Value | undefined, length: number): Value[][] {
  if (!Array.isArray(value) || !value.every((item) => Array.isArray(item) && item.length === length)) {
    throw malformed("status list layout");
  }
  if (value.length > MAX_STATUS_LISTS) throw tooLarge(MAX_STATUS_LISTS, "status lists");
  return value as Value[][];
}

/** The hex of a SHA-256. Throws `malformed`. */
export function readHash(value: Value | undefined): string {
  if (!(value instanceof Uint8Array) || value.length !== STATUS_HASH_BYTES) throw malformed("not a SHA-256");
  return toHex(value);
}

/** All are counted before any is read. */
function readLists(items: Value[][], asOf: number): Map<number, StatusList> {
  let [before, total] = [-1, 0];
  for (const [list, expiresAt, count] of items) {
    before = readNumber("list", list, before + 1, MAX_STATUS_LIST);
    readNumber("group expiry", expiresAt, asOf + 1, MAX_TIME_SECONDS);
    total += readNumber("count", count, 0, STATUS_LIST_SIZE);
  }
  if (total > MAX_STATUS_WITHDRAWN) throw tooLarge(MAX_STATUS_WITHDRAWN, "withdrawals");
  return new Map(
    items.map(([list, expiresAt, ...coded]) => [
      list as number,
      new StatusList(expiresAt as number).withSet(readIndices(coded)),
    ]),
  );
}

/** The indices of [count, parameter, bytes]. */
export function readIndices([count, parameter, data]: Value[]): Uint32Array {
  if (typeof parameter !== "number" || !(data instanceof Uint8Array)) throw malformed("status list layout");
  return gaps.decode(count as number, parameter, data);
}

export function readNumber(name: string, value: Value | undefined, least: number, most: number): number {
  if (!isWhole(value, least, most)) throw malformed(`${name} out of range`);
  return value;
}
