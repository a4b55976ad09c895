// CBOR under a strict reader (RFC 8949 section 5), and the writer that signing needs; as in credentials/wire/cbor.py.
//
// A general library would read 1.0 as 1: JavaScript has one kind of number, and a float is no integer here. So floats
// end the reading, and with them everything else that no credential or status file has: tags, indefinite lengths,
// duplicate keys, simple values, integers that a browser cannot count, bytes after the item.

import { malformed, tooLarge } from "../errors";
import { MAX_CBOR_DEPTH } from "../profile";

export type Value = number | boolean | null | string | Uint8Array | Value[] | Map<Value, Value>;

const MAP = 0xa0;
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const SIMPLE = new Map<number, boolean | null>([
  [20, false],
  [21, true],
  [22, null],
]);

/** Exactly one item of at most `limit` bytes. Throws `too-large` or `malformed`. */
export function loads(data: Uint8Array, limit: number): Value {
  if (data.length > limit) throw tooLarge(limit, "bytes");
  const reader = new Reader(data);
  const value = reader.item(MAX_CBOR_DEPTH);
  if (!reader.isAtEnd) throw malformed("bytes after the CBOR item");
  return value;
}

/**
 * The values of a map with the keys 1, 2, 3, … `count` (at most 23) in this order; when `shortest`, in the one encoding.
 * Throws `too-large` or `malformed`.
 */
export function loadFields(data: Uint8Array, limit: number, count: number, shortest = false): Value[] {
  if (data.length > limit) throw tooLarge(limit, "bytes");
  const reader = new Reader(data);
  reader.skip(MAP | count);
  const fields = Array.from({ length: count }, (_, at) => {
    reader.skip(at + 1);
    return reader.item(MAX_CBOR_DEPTH);
  });
  if (!reader.isAtEnd) throw malformed("bytes after the CBOR item");
  if (shortest && !reader.isShortest) throw malformed("a number longer than it need be");
  return fields;
}

class Reader {
  /** Whether each number was written as short as it can be (RFC 8949 section 4.2.1). */
  isShortest = true;
  private at = 0;
  constructor(private readonly data: Uint8Array) {}

  get isAtEnd(): boolean {
    return this.at === this.data.length;
  }

  /** One byte, which must be this one. */
  skip(byte: number): void {
    if (this.take(1)[0] !== byte) throw malformed("another key or head");
  }

  item(levels: number): Value {
    const head = this.take(1)[0]!;
    const major = head >> 5;
    if (major === 7) return this.simple(head & 31);
    const argument = this.argument(head & 31);
    if (major === 0) return argument;
    if (major === 1) return counted(-1 - argument);
    if (major === 2) return this.take(argument).slice();
    if (major === 3) return this.text(argument);
    // As the library of the twin counts: what is empty holds nothing that could be too deep.
    if (major === 6 || (levels === 0 && argument !== 0)) throw malformed("CBOR tag, or nested too deeply");
    return major === 4 ? this.array(argument, levels - 1) : this.map(argument, levels - 1);
  }

  private take(count: number): Uint8Array {
    if (count > this.data.length - this.at) throw malformed("CBOR cut off");
    this.at += count;
    return this.data.subarray(this.at - count, this.at);
  }

  private argument(short: number): number {
    if (short < 24) return short;
    if (short > 27) throw malformed("indefinite length");
    let value = 0;
    for (const byte of this.take(2 ** (short - 24))) value = value * 256 + byte;
    counted(value);
    if (value < (short === 24 ? 24 : 2 ** (4 * 2 ** (short - 24)))) this.isShortest = false;
    return value;
  }

  private simple(number: number): boolean | null {
    const value = SIMPLE.get(number);
    if (value === undefined) throw malformed("float or simple value");
    return value;
  }

  private text(length: number): string {
    try {
      return UTF8.decode(this.take(length));
    } catch {
      throw malformed("not UTF-8");
    }
  }

  private array(length: number, levels: number): Value[] {
    // Each item takes a byte at least, so that no length can ask for memory that the data does not pay for.
    if (length > this.data.length - this.at) throw malformed("CBOR cut off");
    return Array.from({ length }, () => this.item(levels));
  }

  private map(length: number, levels: number): Map<Value, Value> {
    const map = new Map<Value, Value>();
    for (let entry = 0; entry < length; entry++) {
      const key = this.item(levels);
      if (map.has(key) || typeof key === "object") throw malformed("duplicate key, or one of an odd kind");
      map.set(key, this.item(levels));
    }
    return map;
  }
}

/** A head: major type and argument in the shortest form (RFC 8949 section 4.2.1). */
export function head(major: number, argument: number): Uint8Array {
  if (argument < 24) return Uint8Array.of((major << 5) | argument);
  const width = argument < 0x100 ? 1 : argument < 0x1_0000 ? 2 : 4;
  const bytes = new Uint8Array(1 + width);
  bytes[0] = (major << 5) | (24 + Math.log2(width));
  for (let at = width; at > 0; at--, argument = Math.floor(argument / 256)) bytes[at] = argument % 256;
  return bytes;
}

/** A byte string. */
export function bytesItem(data: Uint8Array): Uint8Array {
  return concat(head(2, data.length), data);
}

/** A text string. */
export function textItem(text: string): Uint8Array {
  const data = new TextEncoder().encode(text);
  return concat(head(3, data.length), data);
}

export function concat(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** The same, which a browser can tell from its neighbours: up to 2^53 - 1, as the twin's bounds have it. */
function counted(value: number): number {
  if (!Number.isSafeInteger(value)) throw malformed("integer too large");
  return value;
}
