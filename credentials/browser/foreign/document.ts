// The host's signed list of foreign keys, as in credentials/foreign/document.py.

import { FOR_FOREIGN } from "../algorithms/foreign";
import { fromBase64url } from "../base64url";
import { malformed, tooLarge } from "../errors";
import { toHex } from "../hex";
import type { Keys } from "../keys";
import { MAX_STATUS_SEQUENCE, MAX_TIME_SECONDS, MEMBER_NAMES, MIN_TIME_SECONDS } from "../profile";
import * as jws from "../wire/jws";
import type { Json } from "../wire/strict_json";
import { hasOwn } from "../wire/strict_json";
import { CARD_KINDS, type CardKind } from "./facts";
import { ForeignKey, ForeignKeys } from "./keys";

const FOREIGN_KEYS_TYPE = "tongxing-foreign-keys+jws";
const MAX_FOREIGN_KEYS = 4096;
const MAX_KID_BYTES = 64;
const FIELDS = ["member", "sequence", "issued_at", "keys"];
const KEY_FIELDS = ["format", "issuer", "kid", "alg", "jwk", "kinds", "not_before", "not_after"];
const MAX_REVOKED = 32_768;
const REVOCATION = /^[A-Za-z0-9_-]{1,24}(?:\.[0-9]{1,10})?$/;
const FORMAT = /^[a-z][a-z0-9-]{1,31}$/;
const ISSUER = /^[!-~]{1,255}$/;
const KID = /^[A-Za-z0-9_-]{1,88}$/;

type Fields = { [name: string]: Json };

/** A list whose signature by `kid` holds, and the text that was signed. */
export interface SignedForeignKeys {
  keys: ForeignKeys;
  kid: string;
  compact: string;
}

/** Verify and load the list of `member`. Throws what the formats throw, and `issuer-mismatch` for another member's. */
export async function readForeignKeys(compact: string, member: string, trust: Keys): Promise<SignedForeignKeys> {
  const { kid, document } = await jws.ofMember(compact, member, trust, FOREIGN_KEYS_TYPE);
  return { keys: parseForeignKeys(document), kid, compact };
}

function parseForeignKeys(document: Fields): ForeignKeys {
  requireFields(document, FIELDS);
  const { member, keys } = document;
  if (typeof member !== "string" || !hasOwn(MEMBER_NAMES, member)) throw malformed("member is not a member id");
  if (!Array.isArray(keys) || !keys.length) throw malformed("keys: not an array of keys");
  if (keys.length > MAX_FOREIGN_KEYS) throw tooLarge(MAX_FOREIGN_KEYS, "keys");
  const read = keys.map(readKey);
  if (read.reduce((sum, { revoked }) => sum + (revoked?.length ?? 0), 0) > MAX_REVOKED) {
    throw tooLarge(MAX_REVOKED, "withdrawn cards");
  }
  const sequence = whole(document.sequence, 1, MAX_STATUS_SEQUENCE);
  const issuedAt = whole(document.issued_at, MIN_TIME_SECONDS, MAX_TIME_SECONDS);
  const listed = new ForeignKeys(member, sequence, issuedAt, read);
  if (listed.isCrowded) throw malformed("too many keys of one kid");
  return listed;
}

function readKey(entry: Json): ForeignKey {
  if (!jws.isObject(entry)) throw malformed("a key is no object");
  const { revoked = null, ...fields } = entry;
  requireFields(fields, KEY_FIELDS);
  if ("revoked" in entry && !isRevocations(revoked)) throw malformed("revoked is no array of rid or rid.seconds");
  const kid = fromBase64url(matching(entry.kid, KID));
  const { alg, jwk, kinds } = entry;
  if (kid.length > MAX_KID_BYTES) throw malformed("kid too long");
  if (typeof alg !== "string" || !FOR_FOREIGN.has(alg)) throw malformed("alg is not in the table");
  if (!jws.isObject(jwk) || hasOwn(jwk, "d")) throw malformed("jwk is no public key");
  const isKind = (kind: Json) => CARD_KINDS.includes(kind as CardKind);
  if (!Array.isArray(kinds) || !kinds.length || !kinds.every(isKind)) throw malformed("kinds are none");
  return new ForeignKey(
    matching(entry.format, FORMAT),
    matching(entry.issuer, ISSUER),
    toHex(kid),
    alg,
    jwk,
    new Set(kinds as CardKind[]),
    whole(entry.not_before, 0, MAX_TIME_SECONDS),
    whole(entry.not_after, 0, MAX_TIME_SECONDS),
    revoked as string[] | null,
  );
}

function isRevocations(value: Json): boolean {
  return Array.isArray(value) && value.every((each) => typeof each === "string" && REVOCATION.test(each));
}

function requireFields(fields: Fields, names: readonly string[]): void {
  const isSound = Object.keys(fields).length === names.length && names.every((name) => hasOwn(fields, name));
  if (!isSound) throw malformed(`not the fields ${names.join(", ")}`);
}

function matching(value: Json | undefined, form: RegExp): string {
  if (typeof value !== "string" || !form.test(value)) throw malformed("a text has not its form");
  return value;
}

function whole(value: Json | undefined, least: number, most: number): number {
  if (!Number.isInteger(value) || (value as number) < least || (value as number) > most)
    throw malformed("not an integer");
  return value as number;
}
