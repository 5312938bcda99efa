import { FileError, type FileSource } from "../../../shared/chatkit/files/file-vault.ts";

/** What a file is where nobody knows (RFC 6838 §4.2.4 says nothing better). */
export const UNKNOWN_TYPE = "application/octet-stream";

const MEDIA_TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+$/;

/** A file of the browser's. It reads what it is asked for, never the whole. */
export class BlobSource implements FileSource {
  readonly name: string;
  readonly mediaType: string;
  readonly size: number;
  /** For what takes a blob: pictures, players, downloads. */
  readonly blob: Blob;

  constructor(blob: Blob, name: string, mediaType: string = blob.type) {
    this.blob = blob;
    this.name = name;
    // `audio/webm;codecs=opus` is a type with a parameter.
    const [bare = ""] = mediaType.split(";");
    this.mediaType =
      MEDIA_TYPE.test(bare) && bare.length <= 127 ? bare.toLowerCase() : UNKNOWN_TYPE;
    this.size = blob.size;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    try {
      return new Uint8Array(await this.blob.slice(offset, offset + length).arrayBuffer());
    } catch (error) {
      throw readErrorOf(error);
    }
  }

  async close(): Promise<void> {
    // The browser lets go of a blob with the last reference to it.
  }
}

/** File API §6.2: how reading fails. */
function readErrorOf(error: unknown): FileError {
  const options = { cause: error };
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotFoundError") return new FileError("gone", "The file is not there.", options);
  // Chromium tells so of a file that was written to since it was chosen.
  if (name === "NotReadableError") return new FileError("changed", "The file changed.", options);
  if (name === "SecurityError" || name === "NotAllowedError") {
    return new FileError("no-permission", "The browser does not permit to read this.", options);
  }
  return new FileError("unknown", "The file cannot be read.", options);
}
