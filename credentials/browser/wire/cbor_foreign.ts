// CBOR as foreign cards have it: loads_foreign of credentials/wire/cbor.py. A reader of its own, for those who sign no codes
// write floats, tags and numbers of eight bytes, and because only a gate that is shown a foreign card loads it.

import { malformed, tooLarge } from "../errors";
import { MAX_CBOR_DEPTH } from "../profile";

/** A float stays one: 1.0 is no integer here. */
export class Float {
  constructor(readonly value: number) {}
}

/** What stands in tag 0 or 1: a date or a time (RFC 8949 section 3.4). */
export class Tagged {
  constructor(readonly value: ForeignValue) {}
}

/** A simple value of no meaning, or undefined. */
export class Simple {}

/** Integers beyond those that a double holds come as bigint. */
export type ForeignValue =
  | number
  | bigint
  | boolean
  | null
  | string
  | Uint8Array
  | Float
  | Tagged
  | Simple
  | ForeignValue[]
  | ForeignFields;
export type ForeignFields = Map<number | bigint | string, ForeignValue>;

const [BYTES, TEXT, ARRAY, MAP, TAG, OTHER] = [2, 3, 4, 5, 6, 7] as const;
const INDEFINITE = 31;
const BREAK = 0xff;
/** From here on, a simple value takes a byte of its own. */
const LEAST_LONG_SIMPLE = 32;
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Exactly one item of at most `limit` bytes; its lengths may be indefinite where that is allowed. Throws `too-large` or
 * `malformed`. */
export function loads(data: Uint8Array, limit: number, allowIndefinite = true): ForeignValue {
  if (data.length > limit) throw tooLarge(limit, "bytes");
  const reader = new Reader(data, allowIndefinite);
  const value = reader.item(MAX_CBOR_DEPTH);
  if (!reader.isAtEnd) throw malformed("bytes after the CBOR item");
  return value;
}

/** Whether it is a map: then all its keys are integers and texts. */
export function isFields(value: ForeignValue | undefined): value is ForeignFields {
  return value instanceof Map;
}

/** What `loads` gave, as JSON has it: a date stands without its tag, and what JSON has no value for, or every reader
 * another, is NaN, which no rule can use: bytes, fractions, numbers beyond 2^53 - 1. */
export function asJson(value: ForeignValue): unknown {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (Array.isArray(value)) return value.map(asJson);
  if (value instanceof Tagged) return asJson(value.value);
  if (value instanceof Float) return whole(value.value);
  if (!isFields(value)) return whole(value);
  const named = [...value].filter(([name]) => typeof name === "string");
  return Object.fromEntries(named.map(([name, item]) => [name, asJson(item)]));
}

function whole(value: unknown): number {
  return Number.isSafeInteger(value) ? (value as number) + 0 : NaN;
}

class Reader {
  private at = 0;

  constructor(
    private readonly data: Uint8Array,
    private readonly allowIndefinite: boolean,
  ) {}

  get isAtEnd(): boolean {
    return this.at === this.data.length;
  }

  item(levels: number): ForeignValue {
    const head = this.take(1)[0]!;
    const [major, short] = [head >> 5, head & 31];
    if (major === OTHER) return this.other(short);
    const length = short === INDEFINITE ? this.indefinite(major) : this.argument(short);
    if (major === 0) return length ?? 0;
    if (major === 1) return typeof length === "bigint" ? narrow(-1n - length) : -1 - length!;
    const count = length === null ? null : Number(length);
    if (major === BYTES) return count === null ? joined(this.chunks(BYTES)) : this.take(count).slice();
    if (major === TEXT) return count === null ? this.chunks(TEXT).map(text).join("") : text(this.take(count));
    // As the library of the twin counts: what is empty holds nothing that could be too deep.
    if (levels === 0 && (major === TAG || count !== 0)) throw malformed("nested too deeply");
    if (major === TAG) return this.tagged(count!, levels - 1);
    return major === ARRAY ? this.array(count, levels - 1) : this.map(count, levels - 1);
  }

  private take(count: number): Uint8Array {
    if (count > this.data.length - this.at) throw malformed("CBOR cut off");
    this.at += count;
    return this.data.subarray(this.at - count, this.at);
  }

  private argument(short: number): number | bigint {
    if (short < 24) return short;
    if (short > 27) throw malformed("a length that is none");
    let value = 0n;
    for (const byte of this.take(2 ** (short - 24))) value = value * 256n + BigInt(byte);
    return narrow(value);
  }

  private indefinite(major: number): null {
    if (!this.allowIndefinite || major < BYTES || major > MAP) throw malformed("indefinite length");
    return null;
  }

  /** Whether an indefinite one ends here. */
  private ends(): boolean {
    if (this.data[this.at] !== BREAK) return false;
    this.at++;
    return true;
  }

  /** The parts of a text or byte string of indefinite length, each of a length of its own. */
  private chunks(major: number): Uint8Array[] {
    const found: Uint8Array[] = [];
    while (!this.ends()) {
      const head = this.take(1)[0]!;
      if (head >> 5 !== major) throw malformed("a part of another kind");
      found.push(this.take(Number(this.argument(head & 31))));
    }
    return found;
  }

  private array(count: number | null, levels: number): ForeignValue[] {
    const found: ForeignValue[] = [];
    // Each item takes a byte at least, so that no length can ask for memory that the data does not pay for.
    while (count === null ? !this.ends() : found.length < count) found.push(this.item(levels));
    return found;
  }

  private map(count: number | null, levels: number): ForeignFields {
    const found: ForeignFields = new Map();
    while (count === null ? !this.ends() : found.size < count) {
      const key = this.item(levels);
      const isPlain = typeof key === "number" || typeof key === "bigint" || typeof key === "string";
      if (!isPlain || found.has(key)) throw malformed("duplicate key, or neither an integer nor a text");
      found.set(key, this.item(levels));
    }
    return found;
  }

  private tagged(tag: number, levels: number): Tagged {
    if (tag > 1) throw malformed("CBOR tag");
    return new Tagged(this.item(levels));
  }

  private other(short: number): ForeignValue {
    if (short === 20 || short === 21) return short === 21;
    if (short === 22) return null;
    if (short < 24) return new Simple();
    if (short > 27) throw malformed("no value");
    const data = this.take(2 ** (short - 24));
    if (short > 24) return new Float(float(data));
    if (data[0]! < LEAST_LONG_SIMPLE) throw malformed("a simple value that is too long");
    return new Simple();
  }
}

function narrow(value: bigint): number | bigint {
  const small = Number(value);
  return Number.isSafeInteger(small) ? small : value;
}

function text(data: Uint8Array): string {
  try {
    return UTF8.decode(data);
  } catch {
    throw malformed("not UTF-8");
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

function float(data: Uint8Array): number {
  const view = new DataView(data.buffer, data.byteOffset);
  if (data.length === 8) return view.getFloat64(0);
  return data.length === 4 ? view.getFloat32(0) : half(view.getUint16(0));
}

/** RFC 8949 appendix D. */
function half(bits: number): number {
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  const size =
    exponent === 31
      ? fraction
        ? NaN
        : Infinity
      : exponent
        ? 2 ** (exponent - 25) * (1024 + fraction)
        : 2 ** -24 * fraction;
  return bits & 0x8000 ? -size : size;
}
