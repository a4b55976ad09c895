// Rice-coded gaps, as in credentials/status/gaps.py.

import { malformed } from "../errors";
import { isWhole } from "../members";
import { MAX_RICE_PARAMETER, MAX_STATUS_LIST_BYTES, STATUS_LIST_SIZE } from "../profile";

/** The parameter that codes these ascending indices in the fewest bytes. */
export function smallestParameter(indices: Uint32Array): number {
  const gaps = indices.map((index, at) => (at ? index - indices[at - 1]! - 1 : index));
  const zeros = (parameter: number) => gaps.reduce((sum, gap) => sum + (gap >> parameter), 0);
  let parameter = 0;
  // Each further plain bit costs one bit a gap and saves the zeros that halving takes away.
  while (zeros(parameter) - zeros(parameter + 1) > gaps.length) parameter++;
  return parameter;
}

/** The `count` indices that `data` holds, ascending; the work is bounded by its length. Throws `malformed`. */
export function decode(count: number, parameter: number, data: Uint8Array): Uint32Array {
  if (!isWhole(parameter, 0, MAX_RICE_PARAMETER) || data.length > MAX_STATUS_LIST_BYTES) {
    throw malformed("status list coded in no smallest way");
  }
  const bits = 8 * data.length;
  if (!isWhole(count, 0, Math.floor(bits / (parameter + 1)))) throw malformed("status list shorter than its count");
  const indices = new Uint32Array(count);
  const bit = (at: number) => (data[at >> 3]! >> (7 - (at & 7))) & 1;
  let at = 0;
  let index = -1;
  for (let number = 0; number < count; number++) {
    const start = at;
    while (at < bits && !bit(at)) at++;
    let gap = at - start;
    at++;
    if (at + parameter > bits) throw malformed("status list shorter than its count");
    for (let end = at + parameter; at < end; at++) gap = gap * 2 + bit(at);
    index += 1 + gap;
    if (index >= STATUS_LIST_SIZE) throw malformed("index outside the list");
    indices[number] = index;
  }
  if (bits - at >= 8) throw malformed("bits after the status list");
  for (; at < bits; at++) if (bit(at)) throw malformed("bits after the status list");
  return indices;
}
