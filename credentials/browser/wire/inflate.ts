// Inflating what others have deflated (zlib, RFC 1950 and 1951), never beyond a cap; as in credentials/wire/inflate.py.
//
// Not every browser of these apps has a DecompressionStream, and none of them says how much it would still give: 890 bytes
// inflate to 900 kB. What is damaged here is what zlib calls damaged, for the other judge asks zlib.

import { malformed, tooLarge } from "../errors";

const [HEADER_BYTES, CHECKSUM_BYTES] = [2, 4];
const MAX_BITS = 15;
const END_OF_BLOCK = 256;
/** Order in which the lengths of the code for code lengths come (RFC 1951 section 3.2.7). */
const LENGTHS_IN_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
/** Of the length codes 257 to 285, and of the distance codes 0 to 29: the least value, and how many bits follow. */
const [LENGTH_LEAST, LENGTH_BITS] = rising(3, 4, 28);
const [DISTANCE_LEAST, DISTANCE_BITS] = rising(1, 2, 30);
LENGTH_LEAST.push(258);
LENGTH_BITS.push(0);

/** The content of one whole zlib stream, at most `limit` bytes. Throws `too-large`; `malformed` when damaged, cut, or
 * followed by more. */
export function inflate(data: Uint8Array, limit: number): Uint8Array {
  requireHeader(data);
  const output = new Output(limit);
  const end = HEADER_BYTES + new Blocks(data.subarray(HEADER_BYTES), output).inflate();
  const content = output.content;
  if (data.length - end < CHECKSUM_BYTES) throw output.cut();
  if (new DataView(data.buffer, data.byteOffset + end).getUint32(0) !== adler32(content)) throw malformed("checksum");
  if (content.length > limit) throw tooLarge(limit, "bytes");
  if (data.length > end + CHECKSUM_BYTES) throw malformed("bytes after the zlib stream");
  return content;
}

/** The same of a stream without zlib's head and sum, as JOSE has it (RFC 7516 section 4.1.3). */
export function inflateRaw(data: Uint8Array, limit: number): Uint8Array {
  const output = new Output(limit);
  const end = new Blocks(data, output).inflate();
  const { content } = output;
  if (content.length > limit) throw tooLarge(limit, "bytes");
  if (data.length > end) throw malformed("bytes after the stream");
  return content;
}

function requireHeader(data: Uint8Array): void {
  const [method, flags] = data;
  if (method === undefined || flags === undefined) throw malformed("zlib stream is cut off");
  const isSound = (method & 15) === 8 && method >> 4 <= 7 && (method * 256 + flags) % 31 === 0 && !(flags & 32);
  if (!isSound) throw malformed("not a zlib stream");
}

/** What comes out. One byte of room more than allowed: what needs yet another is too large. */
class Output {
  private readonly room: Uint8Array;
  private length = 0;

  constructor(private readonly limit: number) {
    this.room = new Uint8Array(limit + 1);
  }

  get content(): Uint8Array {
    return this.room.subarray(0, this.length);
  }

  put(byte: number): void {
    if (this.length > this.limit) throw tooLarge(this.limit, "bytes");
    this.room[this.length++] = byte;
  }

  repeat(distance: number, count: number): void {
    if (distance > this.length) throw malformed("zlib stream refers to what was never there");
    for (; count > 0; count--) this.put(this.room[this.length - distance]!);
  }

  /** Why it ends here: what is too large already is that, whatever is missing. */
  cut() {
    return this.length > this.limit ? tooLarge(this.limit, "bytes") : malformed("zlib stream is cut off");
  }
}

class Blocks {
  private at = 0;
  private held = 0;
  private heldBits = 0;

  constructor(
    private readonly data: Uint8Array,
    private readonly output: Output,
  ) {}

  /** All blocks; gives the offset behind the last. */
  inflate(): number {
    for (let isLast = false; !isLast; ) {
      isLast = this.bits(1) === 1;
      const type = this.bits(2);
      if (type === 0) this.stored();
      else if (type === 1) this.codes(FIXED, FIXED_DISTANCES);
      else if (type === 2) this.codes(...this.ownCodes());
      else throw malformed("zlib block of no type");
    }
    return this.at;
  }

  private stored(): void {
    this.held = this.heldBits = 0;
    const count = this.bits(16);
    if (this.bits(16) !== (count ^ 0xffff)) throw malformed("length of a zlib block");
    for (let left = count; left > 0; left--) this.output.put(this.byte());
  }

  private codes(symbols: Code, distances: Code): void {
    for (;;) {
      const symbol = this.symbol(symbols);
      if (symbol === END_OF_BLOCK) return;
      if (symbol < END_OF_BLOCK) this.output.put(symbol);
      else this.copy(symbol - END_OF_BLOCK - 1, distances);
    }
  }

  private copy(length: number, distances: Code): void {
    const count = this.valued(length, LENGTH_LEAST, LENGTH_BITS);
    this.output.repeat(this.valued(this.symbol(distances), DISTANCE_LEAST, DISTANCE_BITS), count);
  }

  private valued(code: number, least: readonly number[], bits: readonly number[]): number {
    const value = least[code];
    if (value === undefined) throw malformed("zlib length or distance of no code");
    return value + this.bits(bits[code]!);
  }

  private ownCodes(): [Code, Code] {
    const [symbols, distances, count] = [this.bits(5) + 257, this.bits(5) + 1, this.bits(4) + 4];
    if (symbols > 286 || distances > 30) throw malformed("too many codes in a zlib block");
    const order = new Uint8Array(LENGTHS_IN_ORDER.length);
    for (const place of LENGTHS_IN_ORDER.slice(0, count)) order[place] = this.bits(3);
    const lengths = this.lengths(new Code(order, false), symbols + distances);
    if (!lengths[END_OF_BLOCK]) throw malformed("a zlib block without an end");
    return [new Code(lengths.subarray(0, symbols), true), new Code(lengths.subarray(symbols), true)];
  }

  private lengths(code: Code, count: number): Uint8Array {
    const lengths = new Uint8Array(count);
    for (let at = 0; at < count; ) {
      const symbol = this.symbol(code);
      if (symbol < 16) {
        lengths[at++] = symbol;
        continue;
      }
      if (symbol === 16 && !at) throw malformed("a zlib length that repeats none");
      const value = symbol === 16 ? lengths[at - 1]! : 0;
      const times = symbol === 16 ? 3 + this.bits(2) : symbol === 17 ? 3 + this.bits(3) : 11 + this.bits(7);
      if (at + times > count) throw malformed("more zlib lengths than there are codes");
      lengths.fill(value, at, at + times);
      at += times;
    }
    return lengths;
  }

  /** Bit by bit, for a card is small: Huffman codes come with their first bit first. */
  private symbol({ counts, symbols }: Code): number {
    for (let length = 1, code = 0, first = 0, index = 0; length <= MAX_BITS; length++) {
      code |= this.bits(1);
      const count = counts[length]!;
      if (code - count < first) return symbols[index + code - first]!;
      [index, first, code] = [index + count, (first + count) << 1, code << 1];
    }
    throw malformed("a zlib code that stands for nothing");
  }

  private bits(count: number): number {
    while (this.heldBits < count) {
      this.held |= this.byte() << this.heldBits;
      this.heldBits += 8;
    }
    const value = this.held & ((1 << count) - 1);
    this.held >>>= count;
    this.heldBits -= count;
    return value;
  }

  private byte(): number {
    if (this.at >= this.data.length) throw this.output.cut();
    return this.data[this.at++]!;
  }
}

/** A canonical Huffman code by the length of each symbol's bits; 0: it has none. */
class Code {
  readonly counts = new Uint16Array(MAX_BITS + 1);
  readonly symbols: Uint16Array;

  /** `mayLack`: a code of at most one symbol, of one bit, may leave the other bit unused. */
  constructor(lengths: Uint8Array, mayLack: boolean) {
    for (const length of lengths) if (length) this.counts[length]!++;
    const used = this.counts.reduce((sum, count) => sum + count, 0);
    let left = 1;
    for (let length = 1; length <= MAX_BITS; length++) {
      left = left * 2 - this.counts[length]!;
      if (left < 0) throw malformed("a zlib code with too many symbols");
    }
    const isLone = used === this.counts[1] && used <= 1;
    if (left > 0 && !(mayLack && isLone) && used) throw malformed("a zlib code with too few symbols");
    this.symbols = Uint16Array.from(
      Array.from(lengths.keys())
        .filter((symbol) => lengths[symbol])
        .sort((one, two) => lengths[one]! - lengths[two]! || one - two),
    );
  }
}

const FIXED = new Code(
  Uint8Array.from({ length: 288 }, (_, symbol) => (symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8)),
  false,
);
const FIXED_DISTANCES = new Code(new Uint8Array(32).fill(5), false);

/** Least values from `first` on, and the bits that follow each: none at first, then one more for every `each` codes. */
function rising(first: number, each: number, count: number): [number[], number[]] {
  const [least, bits]: [number[], number[]] = [[], []];
  for (let code = 0, value = first; code < count; code++) {
    const more = Math.max(0, Math.floor(code / each) - 1);
    least.push(value);
    bits.push(more);
    value += 2 ** more;
  }
  return [least, bits];
}

function adler32(data: Uint8Array): number {
  let [one, two] = [1, 0];
  for (const byte of data) {
    one = (one + byte) % 65_521;
    two = (two + one) % 65_521;
  }
  return two * 65_536 + one;
}
