// Foreign keys, as the host member's signed list has them; as in credentials/foreign/keys.py.

import { FOR_FOREIGN } from "../algorithms/foreign";
import type { Json } from "../wire/strict_json";
import type { CardKind } from "./facts";

/** Issuer of a key whose certificate names none: it may sign for any. */
export const NO_COUNTRY = "XX";
/** What the EU calls two countries, and ISO 3166-1 does. */
export const ISO_COUNTRIES: ReadonlyMap<string, string> = new Map([
  ["EL", "GR"],
  ["UK", "GB"],
]);
/** Each may cost a signature: more would be somebody's way to keep a gate busy. */
export const MAX_KEYS_OF_A_KID = 8;

/** One key, imported when it is first used: a gate that is given a thousand of them needs a dozen. */
export class ForeignKey {
  private imported: Promise<CryptoKey> | null = null;

  /** `kid` in hex. Times are seconds UTC, `notAfter` exclusive. */
  constructor(
    readonly format: string,
    readonly issuer: string,
    readonly kid: string,
    readonly algorithm: string,
    private readonly jwk: { readonly [name: string]: Json },
    readonly kinds: ReadonlySet<CardKind>,
    readonly notBefore: number,
    readonly notAfter: number,
    /** What its issuer has withdrawn of cards by it: `rid`, or `rid.seconds` for those issued before; null: nobody has asked. */
    readonly revoked: readonly string[] | null,
  ) {}

  /** What is equal for two entries of one key, whoever it is listed for. */
  get identity(): string {
    const sorted = Object.entries(this.jwk).sort(([one], [two]) => (one < two ? -1 : 1));
    return JSON.stringify([this.algorithm, sorted]);
  }

  /** Whether a card that would be withdrawn by `revocation` was, being issued when it was (seconds UTC). */
  hasWithdrawn(revocation: string, issuedAt: number): boolean {
    const ends = (this.revoked ?? []).map((entry) => entry.split("."));
    return ends.some(([rid, before]) => rid === revocation && (before === undefined || issuedAt < Number(before)));
  }

  /** Rejects with `key-rejected`. */
  get publicKey(): Promise<CryptoKey> {
    return (this.imported ??= FOR_FOREIGN.get(this.algorithm)!.importForeign(this.jwk));
  }
}

/** A list of them: whose, which one (`sequence` counts up), when it was signed (seconds UTC). */
export class ForeignKeys {
  private readonly byKid = new Map<string, ForeignKey[]>();

  constructor(
    readonly member: string,
    readonly sequence: number,
    readonly issuedAt: number,
    keys: readonly ForeignKey[],
  ) {
    for (const key of keys) {
      const place = `${key.format} ${key.kid}`;
      this.byKid.set(place, [...(this.byKid.get(place) ?? []), key]);
    }
  }

  /** The keys of that kid (hex), of whatever issuer; none when nobody has it. */
  named(format: string, kid: string): readonly ForeignKey[] {
    return this.byKid.get(`${format} ${kid}`) ?? [];
  }

  /** Whether a kid has more keys than a gate would try. */
  get isCrowded(): boolean {
    return [...this.byKid.values()].some((keys) => keys.length > MAX_KEYS_OF_A_KID && isCrowd(keys));
  }
}

/** Whether so many of them would be tried: a key that is listed for many issuers is tried once. */
function isCrowd(keys: readonly ForeignKey[]): boolean {
  const ofOneIssuer = keys.map(({ issuer }) => keys.filter((key) => key.issuer === issuer).length);
  return Math.max(new Set(keys.map(({ identity }) => identity)).size, ...ofOneIssuer) > MAX_KEYS_OF_A_KID;
}
