/** Where the content of a track lies in a film (ISO/IEC 14496-12 §8.7). */

export interface Place {
  readonly start: number;
  readonly end: number;
}

/** Of a camera's notes: one a second, for a day. */
const MAX_CHUNKS = 100_000;
const MAX_SAMPLES = 1_000_000;

interface Table {
  readonly type: string;
  readonly content: number;
}

/**
 * @param tables of `stbl`
 * @returns a place for each chunk, as they lie in the file
 * @throws RangeError where the tables do not fit each other, or are of a kind that is not understood
 */
export function samplePlaces(view: DataView, tables: readonly Table[]): readonly Place[] {
  const offsets = chunkOffsets(view, tables);
  if (offsets.length === 0) return [];
  const sizeOf = sampleSizes(view, tables);
  const samplesIn = chunkCounts(view, tables);
  const places: Place[] = [];
  let sample = 0;
  for (const [chunk, start] of offsets.entries()) {
    let end = start;
    for (let left = samplesIn(chunk + 1); left > 0; left -= 1) {
      end += sizeOf(sample);
      sample += 1;
    }
    if (end > start) places.push({ start, end });
  }
  return places.toSorted((a, b) => a.start - b.start);
}

/** Of the table's entries. @throws RangeError where it is not there */
function entriesOf(tables: readonly Table[], type: string): number {
  const table = tables.find((known) => known.type === type);
  if (table === undefined) throw new RangeError(`a track without ${type}`);
  // Version and flags.
  return table.content + 4;
}

function chunkOffsets(view: DataView, tables: readonly Table[]): readonly number[] {
  const long = tables.some(({ type }) => type === "co64");
  const at = entriesOf(tables, long ? "co64" : "stco");
  const count = view.getUint32(at);
  if (count > MAX_CHUNKS) throw new RangeError("more chunks than a camera's notes have");
  return Array.from({ length: count }, (_, index) =>
    long ? Number(view.getBigUint64(at + 4 + index * 8)) : view.getUint32(at + 4 + index * 4),
  );
}

function sampleSizes(view: DataView, tables: readonly Table[]): (index: number) => number {
  const at = entriesOf(tables, "stsz");
  const all = view.getUint32(at);
  const count = view.getUint32(at + 4);
  if (count > MAX_SAMPLES) throw new RangeError("more samples than a camera's notes have");
  return (index) => {
    if (index >= count) throw new RangeError("a sample that is not there");
    return all === 0 ? view.getUint32(at + 8 + index * 4) : all;
  };
}

/** Samples of each chunk, told by the first chunk of each run. */
function chunkCounts(view: DataView, tables: readonly Table[]): (chunk: number) => number {
  const at = entriesOf(tables, "stsc");
  const count = view.getUint32(at);
  let run = 0;
  return (chunk) => {
    while (run + 1 < count && view.getUint32(at + 4 + (run + 1) * 12) <= chunk) run += 1;
    if (count === 0) throw new RangeError("chunks without samples");
    const samples = view.getUint32(at + 8 + run * 12);
    if (samples > MAX_SAMPLES) throw new RangeError("more samples than a chunk has");
    return samples;
  };
}
