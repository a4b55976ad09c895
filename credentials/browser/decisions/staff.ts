// Staff keys as their leaves in a file of a decision have them, as in credentials/decisions/staff.py, for a device that does not know the
// member's root key: that it signed the first two administrators is not checked, all that follows from them is.

import { FOR_STAFF } from "../algorithms/staff";
import { malformed } from "../errors";
import { toHex } from "../hex";
import { sha256 } from "../log/tree";
import { isObject } from "../wire/jws";
import { type Json, parseJson } from "../wire/strict_json";
import { readSignature, type Signature, type SigningKey, verifyText } from "./signatures";

export const OPERATOR = "operator";
export const APPROVER = "approver";
const ADMINISTRATOR = "administrator";
const ROLES: readonly unknown[] = [OPERATOR, APPROVER, "auditor", ADMINISTRATOR];
const STAFF_KEY = "staff-key";
const FIELDS = "algorithm key made_at member origin pseudonym roles type unit";
const KID_BYTES = 8;
/** Administrators who must have signed a key, and as many at most who are signed by the root key. */
const VOUCHERS = 2;
const PSEUDONYM = /^[a-z0-9][a-z0-9-]{0,14}$/;
const ORIGIN = /^(https?:\/\/[a-z0-9.-]+(:[0-9]{1,5})?)?$/;

export interface StaffKey extends SigningKey {
  readonly member: string;
  readonly pseudonym: string;
  readonly unit: string;
  readonly roles: readonly string[];
  readonly text: Uint8Array;
}

/** A key as the log held it. Times in seconds UTC; `endedAt`: null while nobody had ended it. */
export interface Held {
  readonly key: StaffKey;
  readonly inForceAt: number;
  endedAt: number | null;
}

/** Read a key's text. Throws `malformed`, `key-rejected`. */
export async function readStaffKey(content: string): Promise<StaffKey> {
  const text = new TextEncoder().encode(content);
  const said = parseJson(text);
  if (!isObject(said) || Object.keys(said).sort().join(" ") !== FIELDS || said.type !== STAFF_KEY)
    throw malformed("staff key: fields");
  const { member, pseudonym, unit, roles, algorithm, key: jwk, origin, made_at } = said;
  if (
    typeof member !== "string" ||
    typeof unit !== "string" ||
    !unit ||
    unit.includes("/") ||
    !Number.isSafeInteger(made_at)
  )
    throw malformed("staff key: member, unit or made_at");
  if (typeof pseudonym !== "string" || !PSEUDONYM.test(pseudonym)) throw malformed("staff key: pseudonym");
  if (typeof origin !== "string" || !ORIGIN.test(origin)) throw malformed("staff key: origin");
  if (!Array.isArray(roles) || !roles.length || !isRoles(roles)) throw malformed("staff key: roles");
  if (canonical(said) !== content) throw malformed("staff key: not its canonical spelling");
  const named = typeof algorithm === "string" ? FOR_STAFF.get(algorithm) : undefined;
  if (!named || !isObject(jwk)) throw malformed("staff key: algorithm or key");
  const publicKey = await named.importStaff(jwk);
  const info = new Uint8Array(await crypto.subtle.exportKey("spki", publicKey));
  const digest = await sha256(new TextEncoder().encode(`${member}\0`), info);
  const kid = toHex(digest.subarray(0, KID_BYTES));
  return { kid, algorithm: named, publicKey, origin, member, pseudonym, unit, roles: roles as string[], text };
}

/** Whether those have signed a key who may have, as far as the keys that are `known` tell. */
export async function isVouched(
  key: StaffKey,
  vouchers: unknown,
  known: ReadonlyMap<string, Held>,
  at: number,
): Promise<boolean> {
  if (!Array.isArray(vouchers)) throw malformed("staff: vouchers");
  const given = vouchers.map(readSignature);
  if ([...known.values()].some((each) => each.key.pseudonym === key.pseudonym && each.key.unit !== key.unit))
    return false;
  const administrators = [...known.values()].filter((each) => isAdministrator(each, at));
  if (key.roles.join() === ADMINISTRATOR && new Set(administrators.map((each) => each.key.pseudonym)).size < VOUCHERS)
    // By the root key, which nobody here knows.
    return given.length > 0;
  const signed = new Set<string>();
  for (const voucher of given) {
    const by = known.get(voucher.kid);
    if (by && isAdministrator(by, at) && by.inForceAt <= at && (await holds(voucher, by.key, key.text)))
      signed.add(by.key.pseudonym);
  }
  signed.delete(key.pseudonym);
  return signed.size >= VOUCHERS;
}

const isAdministrator = ({ key, endedAt }: Held, at: number) =>
  key.roles.includes(ADMINISTRATOR) && (endedAt === null || at < endedAt);

const holds = (signature: Signature, key: SigningKey, text: Uint8Array) =>
  verifyText(signature, key, text).then(
    () => true,
    () => false,
  );

function isRoles(roles: readonly Json[]): boolean {
  return roles.every((role, at) => ROLES.includes(role) && (at === 0 || (roles[at - 1] as string) < (role as string)));
}

/** JSON with sorted names and no spaces. */
function canonical(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const names = Object.keys(value).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(value[name]!)}`).join()}}`;
}
