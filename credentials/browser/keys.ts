// Keys and the members they belong to, as in credentials/keys.py and trust_registry/client/trust/snapshot.py.

import { named, type PublicJwk } from "./algorithms/table";
import type { Form, Status } from "./profile";
import { MAX_KEY_EARLY_SECONDS } from "./profile";

export interface KeyJson {
  kid: string;
  algorithm: string;
  use: string;
  not_before: number;
  not_after: number;
  jwk: PublicJwk;
}

export interface MemberJson {
  id: string;
  /** By language: `zh`, `en`, and others that the trust list has. */
  names: { readonly zh: string; readonly en: string; readonly [field: string]: string };
  region: number;
  hotline: string;
  environment: string;
  may_issue: { statuses: Status[]; forms: Form[] };
  changed_until: number;
  keys: KeyJson[];
}

/** A key with the member it belongs to; imported when it is first used. */
export class TrustedKey {
  private imported: Promise<CryptoKey> | null = null;

  constructor(
    private readonly fields: KeyJson,
    readonly member: MemberJson,
  ) {}

  get publicKey(): Promise<CryptoKey> {
    return (this.imported ??= named(this.fields.algorithm).importJwk(this.fields.jwk));
  }

  get algorithm(): string {
    return this.fields.algorithm;
  }

  get use(): string {
    return this.fields.use;
  }

  /** Whether it was active at `at` (seconds UTC); some time is allowed before its beginning, none after its end. */
  isActive(at: number): boolean {
    return this.fields.not_before - MAX_KEY_EARLY_SECONDS <= at && at < this.fields.not_after;
  }
}

/** Where readers of members' files look up who signed them. */
export interface Keys {
  /** The key `kid`, when `member` may use it so. Throws `key-denied`, `unknown-key`, `issuer-mismatch`, `key-use-mismatch`. */
  keyFor(kid: string, member: string, use: string): TrustedKey;
}
