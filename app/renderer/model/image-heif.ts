/** HEIC and AVIF (ISO/IEC 23008-12): descriptions are items of their own, found by `iinf` and `iloc`. */

interface Box {
  readonly type: string;
  /** Of the content. */
  readonly start: number;
  readonly end: number;
}

/** Far more than a camera's tiles, previews and descriptions. */
const MAX_ITEMS = 10_000;

/**
 * The parts of the file that hold Exif and XMP: overwritten with zeros they say nothing, and no other
 * place in the file moves. The orientation is a property of the picture's own, and stays.
 * @returns undefined where the file is not understood
 */
export function heifDescriptions(
  bytes: Uint8Array,
): readonly { readonly start: number; readonly end: number }[] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    const meta = boxes(view, 0, view.byteLength).find(({ type }) => type === "meta");
    if (meta === undefined) return undefined;
    const inner = boxes(view, meta.start + 4, meta.end);
    const info = inner.find(({ type }) => type === "iinf");
    const locations = inner.find(({ type }) => type === "iloc");
    if (info === undefined || locations === undefined) return undefined;
    const wanted = descriptionItems(view, info);
    const data = inner.find(({ type }) => type === "idat");
    return placesOf(view, locations, wanted, data);
  } catch (error) {
    // Beyond the end of the file: it is cut, or none.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function boxes(view: DataView, from: number, to: number): readonly Box[] {
  const found: Box[] = [];
  let at = from;
  while (at + 8 <= to) {
    let size = view.getUint32(at);
    let head = 8;
    if (size === 1) {
      size = Number(view.getBigUint64(at + 8));
      head = 16;
    } else if (size === 0) {
      size = to - at;
    }
    if (size < head || at + size > to) throw new RangeError("a box leaves its parent");
    found.push({ type: fourLetters(view, at + 4), start: at + head, end: at + size });
    at += size;
  }
  return found;
}

function fourLetters(view: DataView, at: number): string {
  return String.fromCharCode(...[0, 1, 2, 3].map((index) => view.getUint8(at + index)));
}

function descriptionItems(view: DataView, info: Box): ReadonlySet<number> {
  const wide = view.getUint8(info.start) > 0;
  const wanted = new Set<number>();
  for (const entry of boxes(view, info.start + (wide ? 8 : 6), info.end)) {
    if (entry.type !== "infe") continue;
    const version = view.getUint8(entry.start);
    if (version < 2) throw new RangeError("an item of a kind before HEIF");
    const long = version > 2;
    const id = long ? view.getUint32(entry.start + 4) : view.getUint16(entry.start + 4);
    const type = fourLetters(view, entry.start + (long ? 10 : 8));
    if (type === "Exif" || type === "mime" || type === "uri ") wanted.add(id);
  }
  return wanted;
}

/** ISO/IEC 14496-12 §8.11.3. */
function placesOf(
  view: DataView,
  box: Box,
  wanted: ReadonlySet<number>,
  data: Box | undefined,
): readonly { readonly start: number; readonly end: number }[] {
  let at = box.start;
  const number = (bytes: number): number => {
    const place = at;
    at += bytes;
    if (bytes === 0) return 0;
    if (bytes === 1) return view.getUint8(place);
    if (bytes === 2) return view.getUint16(place);
    if (bytes === 4) return view.getUint32(place);
    if (bytes === 8) return Number(view.getBigUint64(place));
    throw new RangeError("a number of a size that there is not");
  };
  const version = number(1);
  at += 3;
  const sizes = number(2);
  const [offsetSize, lengthSize] = [sizes >> 12, (sizes >> 8) & 15];
  const [baseSize, indexSize] = [(sizes >> 4) & 15, version === 0 ? 0 : sizes & 15];
  const count = number(version < 2 ? 2 : 4);
  if (count > MAX_ITEMS) throw new RangeError("more items than a picture has");
  const places: { start: number; end: number }[] = [];
  for (let item = 0; item < count; item += 1) {
    const id = number(version < 2 ? 2 : 4);
    const method = version === 0 ? 0 : number(2) & 15;
    number(2);
    const base = number(baseSize);
    const extents = number(2);
    for (let extent = 0; extent < extents; extent += 1) {
      number(indexSize);
      const offset = number(offsetSize);
      const length = number(lengthSize);
      if (!wanted.has(id)) continue;
      if (method > 1 || (method === 1 && data === undefined)) {
        throw new RangeError("an item in a place that is not understood");
      }
      const start = base + offset + (method === 1 ? (data?.start ?? 0) : 0);
      const end = length === 0 ? view.byteLength : start + length;
      if (end > view.byteLength) throw new RangeError("an item beyond the end");
      places.push({ start, end });
    }
  }
  return places;
}
