import type { ChatKitApi } from "../../../shared/chatkit/chatkit.ts";
import type { FileSource } from "../../../shared/chatkit/files/file-vault.ts";
import type { MessageId } from "../../../shared/protocol/index.ts";
import { isDrawable } from "./picture-size.ts";
import { BlobSource } from "../ports/blob-source.ts";

/** Addresses that nobody shows at the moment: scrolling back finds them. */
const MAX_IDLE = 40;

/** A source without a blob of its own is read into one only up to this. */
const MAX_READ_BYTES = 256 * 1024 * 1024;

interface Entry {
  readonly url: Promise<string>;
  readonly isDrawable: Promise<boolean>;
  users: number;
}

/** `blob:` addresses of files that are whole here, each made once and revoked when nobody needs it. */
export class FileUrls {
  readonly #files: Pick<ChatKitApi["files"], "open">;
  /** The one used longest ago first. */
  readonly #entries = new Map<MessageId, Entry>();
  #closed = false;

  constructor(files: Pick<ChatKitApi["files"], "open">) {
    this.#files = files;
  }

  /** Until `release`. Rejects with `ChatKitError`. */
  acquire(id: MessageId): Promise<string> {
    const entry = this.#entries.get(id) ?? this.#entry(id);
    entry.users += 1;
    this.#entries.delete(id);
    this.#entries.set(id, entry);
    entry.url.catch(() => {
      // Asked anew the next time.
      if (this.#entries.get(id) === entry) this.#entries.delete(id);
    });
    return entry.url;
  }

  release(id: MessageId): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    entry.users -= 1;
    let idle = [...this.#entries.values()].filter(({ users }) => users <= 0).length;
    for (const [known, { users }] of this.#entries) {
      if (idle <= MAX_IDLE) return;
      if (users > 0) continue;
      this.#drop(known);
      idle -= 1;
    }
  }

  /** Everything that nobody shows at the moment. */
  clear(): void {
    for (const [id, { users }] of this.#entries) if (users <= 0) this.#drop(id);
  }

  close(): void {
    this.#closed = true;
    for (const id of this.#entries.keys()) this.#drop(id);
  }

  /** Whether a browser may draw it; asked of what is acquired. Rejects as `acquire`. */
  async isDrawable(id: MessageId): Promise<boolean> {
    return (await this.#entries.get(id)?.isDrawable) ?? false;
  }

  #entry(id: MessageId): Entry {
    const blob = this.#files.open(id).then(blobOf);
    const drawable = blob.then(isDrawable);
    // Whoever asks is told.
    drawable.catch(() => undefined);
    return { url: this.#made(blob), isDrawable: drawable, users: 0 };
  }

  async #made(content: Promise<Blob>): Promise<string> {
    const blob = await content;
    if (this.#closed) throw new Error("the account was closed");
    return URL.createObjectURL(blob);
  }

  #drop(id: MessageId): void {
    const entry = this.#entries.get(id);
    this.#entries.delete(id);
    entry?.url.then(
      (url) => URL.revokeObjectURL(url),
      // There was none.
      () => undefined,
    );
  }
}

async function blobOf(source: FileSource): Promise<Blob> {
  if (source instanceof BlobSource) return source.blob;
  if (source.size > MAX_READ_BYTES) throw new Error("too large to be read into memory");
  const bytes = await source.read(0, source.size);
  return new Blob([new Uint8Array(bytes)], { type: source.mediaType });
}
