// The rule of a member's chain, as in credentials/status/chain.py: which segment may follow.

import { CredentialError } from "../errors";

/** Where a chain stands: number of its newest segment, as of when (seconds UTC), SHA-256 of its payload in hex. */
export interface End {
  number: number;
  asOf: number;
  head: string;
}

/** Whether `segment`, which names `previous` as the payload before it, is the next one after `held`. Throws its code. */
export function requireFollows(held: End, segment: End, previous: string): void {
  if (segment.number === held.number && segment.head !== held.head) throw new CredentialError("chain-forked");
  if (segment.number <= held.number) throw new CredentialError("segment-repeated");
  if (segment.number > held.number + 1) throw new CredentialError("segment-missing");
  if (previous !== held.head) throw new CredentialError("chain-forked");
  if (segment.asOf < held.asOf) throw new CredentialError("segment-backdated");
}
