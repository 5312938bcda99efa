import { encodeBase64 } from "../../../shared/crypto/index.ts";
import { limits } from "../../../shared/protocol/index.ts";
import { smallPicture } from "./image-preview.ts";
import { isDrawable } from "./picture-size.ts";

/** Side and quality, best first, until one is small enough. */
const ATTEMPTS = [
  [320, 0.8],
  [256, 0.7],
  [192, 0.6],
  [128, 0.5],
] as const;

/**
 * The middle of a picture as a small square, in base64. It is drawn anew: nothing is left of what
 * else the file said.
 * @returns undefined for what is no picture that this browser knows
 */
export async function groupPicture(file: Blob): Promise<string | undefined> {
  if (!file.type.startsWith("image/") || !(await isDrawable(file))) return undefined;
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    // Damaged, or of a kind that this browser does not know.
    return undefined;
  }
  try {
    const side = Math.min(bitmap.width, bitmap.height);
    const small = await smallPicture(bitmap, {
      left: (bitmap.width - side) / 2,
      top: (bitmap.height - side) / 2,
      width: side,
      height: side,
      attempts: ATTEMPTS,
      maxBytes: limits.MAX_GROUP_PICTURE_BYTES,
    });
    return small === undefined ? undefined : encodeBase64(small);
  } finally {
    bitmap.close();
  }
}
