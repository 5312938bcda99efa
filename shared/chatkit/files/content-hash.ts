import { encodeBase64, sha256Hasher } from "../../crypto/index.ts";
import { FileError, type FileReceiver, type FileSource } from "./file-vault.ts";

/** Read at once while a file is hashed: little enough that other work gets its turn. */
const HASH_READ_BYTES = 1024 * 1024;

/** Base64 of the SHA-256 of all of it. @throws FileError */
export async function hashOf(source: Pick<FileSource, "read" | "size">): Promise<string> {
  const hasher = sha256Hasher();
  await hashInto(hasher, source, source.size);
  return encodeBase64(hasher.digest());
}

/** Hashes the first `length` bytes. @throws FileError */
export async function hashInto(
  hasher: { update(bytes: Uint8Array): void },
  from: Pick<FileSource | FileReceiver, "read">,
  length: number,
): Promise<void> {
  for (let offset = 0; offset < length;) {
    const bytes = await from.read(offset, Math.min(HASH_READ_BYTES, length - offset));
    if (bytes.length === 0) throw new FileError("changed", "The file is shorter than it was.");
    hasher.update(bytes);
    offset += bytes.length;
  }
}
