// Base64url without padding (RFC 7515 section 2), in its one canonical spelling; as in credentials/base64url.py.

import { malformed } from "./errors";

const BASE64URL = /^[0-9A-Za-z_-]*$/;

/** The bytes of a base64url text. Throws `malformed` for padding, `+/`, or a last character with stray bits. */
export function fromBase64url(text: string): Uint8Array {
  if (!BASE64URL.test(text) || text.length % 4 === 1) throw malformed("not base64url");
  const padded = text.replace(/-/g, "+").replace(/_/g, "/") + "=".repeat(-text.length & 3);
  const raw = Uint8Array.from(atob(padded), (character) => character.charCodeAt(0));
  const canonical =
    text.length % 4 === 0 ||
    btoa(String.fromCharCode(...raw.subarray(-(raw.length % 3)))).startsWith(
      padded.slice(text.length - (text.length % 4), text.length),
    );
  if (!canonical) throw malformed("not canonical base64url");
  return raw;
}

/** The base64url text of `data`, which is short. */
export function toBase64url(data: Uint8Array): string {
  return btoa(String.fromCharCode(...data))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=/g, "");
}
