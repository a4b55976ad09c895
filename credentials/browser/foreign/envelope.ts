// From a foreign card's text to a verified payload, whatever its format; as in credentials/foreign/envelope.py. Only the key
// says by which algorithm.

import { FOR_FOREIGN } from "../algorithms/foreign";
import { CredentialError } from "../errors";
import type { ForeignFacts } from "./facts";
import type { ForeignKey } from "./keys";

/** A card taken apart, unverified. `kid` in hex; `algorithm`: the name that its header claims, which the key must bear out. */
export interface ForeignEnvelope {
  kid: string;
  algorithm: string;
  payload: Uint8Array;
  signature: Uint8Array;
  signedBytes: Uint8Array;
  leniences: readonly string[];
  /** Whether several symbols came together to it. */
  inParts?: boolean;
}

/** A payload whose signature holds under `key`; only `verify` makes one. */
export class VerifiedCard {
  constructor(
    readonly payload: Uint8Array,
    readonly key: ForeignKey,
    readonly leniences: readonly string[],
  ) {}
}

/** What a foreign format's folder holds beside how its texts begin. */
export interface ForeignFormat {
  /** In lists of foreign keys, and in verdicts. */
  readonly NAME: string;
  /** Whether a card still holds at the second of its end; formats differ (hcert-spec, RFC 7519). */
  readonly LAST_SECOND_COUNTS: boolean;
  /** Take a text apart, without believing it. */
  unwrap(text: string): ForeignEnvelope;
  /** What a card says whose signature holds. Throws `malformed` and `too-large`. */
  read(verified: VerifiedCard): ForeignFacts;
}

/**
 * Try the keys that the kid leads to, each by its own algorithm (several may share a kid: verifier-app #35). One that is
 * listed for several issuers is tried once, and comes as the first of them: `asOf`. Throws
 * `algorithm-mismatch` when none is of the algorithm that the card claims, `wrong-signature` when none verifies.
 */
export async function verify(envelope: ForeignEnvelope, keys: readonly ForeignKey[]): Promise<VerifiedCard> {
  const { algorithm, payload, signature, signedBytes, leniences } = envelope;
  const fitting = keys.filter((key) => key.algorithm === algorithm);
  if (!fitting.length) throw new CredentialError("algorithm-mismatch");
  const identities = fitting.map(({ identity }) => identity);
  for (const key of fitting.filter((_, at) => identities.indexOf(identities[at]!) === at)) {
    try {
      await FOR_FOREIGN.get(algorithm)!.verify(await key.publicKey, signature, signedBytes);
    } catch (error) {
      if (!(error instanceof CredentialError)) throw error;
      continue;
    }
    return new VerifiedCard(payload, key, leniences);
  }
  throw new CredentialError("wrong-signature");
}

/** The same by the entry of `issuer`, where the key that verified it is listed for several (46 of the VCI are). */
export function asOf(verified: VerifiedCard, issuer: string, keys: readonly ForeignKey[]): VerifiedCard {
  const { payload, key, leniences } = verified;
  const own = keys.find((each) => each.issuer === issuer && each.identity === key.identity);
  return own ? new VerifiedCard(payload, own, leniences) : verified;
}
