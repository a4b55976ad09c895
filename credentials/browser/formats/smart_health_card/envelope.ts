// The compact JWS of a card (RFC 7515), taken apart; as in credentials/formats/smart_health_card/envelope.py. Of the header
// only `alg`, `kid` and `zip` are looked at: a key that a header brings along is nobody's (CVE-2018-0114).

import { FOR_FOREIGN } from "../../algorithms/foreign";
import { fromBase64url } from "../../base64url";
import { malformed, tooLarge } from "../../errors";
import type { ForeignEnvelope } from "../../foreign/envelope";
import { toHex } from "../../hex";
import { isObject } from "../../wire/jws";
import { parseJson } from "../../wire/strict_json";
import { KID_BYTES, MAX_CARD_CHARACTERS, MAX_HEADER_CHARACTERS } from "./limits";

const UNKNOWN = "unknown";

/** Take a card's JWS apart, without believing it. Throws `too-large`, `malformed`. */
export function openCard(compact: string, leniences: readonly string[] = [], inParts = false): ForeignEnvelope {
  if ([...compact].length > MAX_CARD_CHARACTERS) throw tooLarge(MAX_CARD_CHARACTERS, "characters");
  const [header, payload, signature, ...more] = compact.split(".");
  if (header === undefined || payload === undefined || signature === undefined || more.length) {
    throw malformed("not a compact JWS");
  }
  const [kid, algorithm] = readHeader(header);
  return {
    kid,
    algorithm,
    payload: fromBase64url(payload),
    signature: fromBase64url(signature),
    signedBytes: new TextEncoder().encode(`${header}.${payload}`),
    leniences,
    inParts,
  };
}

/** The kid in hex, and the algorithm that the header claims. */
function readHeader(segment: string): [string, string] {
  if ([...segment].length > MAX_HEADER_CHARACTERS) throw tooLarge(MAX_HEADER_CHARACTERS, "characters");
  const header = parseJson(fromBase64url(segment));
  if (!isObject(header) || "crit" in header) throw malformed("JWS header is no object, or has a critical extension");
  const { kid, alg } = header;
  if (typeof kid !== "string" || typeof alg !== "string") throw malformed("JWS header without kid or alg");
  if (header.zip !== "DEF") throw malformed("content is not deflated");
  const thumbprint = fromBase64url(kid);
  if (thumbprint.length !== KID_BYTES) throw malformed("kid is no thumbprint of a key");
  return [toHex(thumbprint), FOR_FOREIGN.has(alg) ? alg : UNKNOWN];
}
