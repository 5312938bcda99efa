import { link, mkdir, open, unlink, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import type { ChatKitApi, FileSource, Message, Transfer } from "../../shared/chatkit/chatkit.ts";
import type { UserId } from "../../shared/protocol/index.ts";
import { codeOf } from "./ports/path-source.ts";

const COPY_BYTES = 1024 * 1024;
const MAX_NAME_BYTES = 200;

/** Device names of Windows, with or without an extension. */
const RESERVED = /^(?:con|conin\$|conout\$|prn|aux|nul|(?:com|lpt)[\d¹²³])\s*(?:\.|$)/i;

/** Files of one person that have not come yet: who posts more, or never sends them, holds up nobody else. */
const MAX_AWAITED = 200;

interface Awaited {
  readonly from: UserId;
  readonly name: string;
}

/** A name that is one file in a folder on every system, whatever its sender called it. */
export function safeName(name: string): string {
  // What is not seen, what separates paths, and what Windows forbids.
  const plain = name
    .replaceAll(/[\p{Cc}\p{Cf}\\/:*?"<>|]/gu, "_")
    .replaceAll(/^[.\s]+|[.\s]+$/g, "");
  let cut = plain;
  while (Buffer.byteLength(cut) > MAX_NAME_BYTES) cut = Array.from(cut).slice(1).join("");
  if (cut === "") return "file";
  return RESERVED.test(cut) ? `_${cut}` : cut;
}

/** What of the engine is used. */
export interface FilesKit {
  on(event: "transfer", handler: (transfer: Transfer) => void): () => void;
  readonly files: Pick<ChatKitApi["files"], "fetch" | "transfer" | "open">;
}

interface Handlers {
  readonly onSaved: (id: string, path: string) => void;
  readonly onProblem: (error: unknown) => void;
}

/** Fetches what comes and saves it in a folder; never over something that is there. */
export class ReceivedFiles {
  readonly #kit: FilesKit;
  readonly #folder: string;
  readonly #handlers: Handlers;
  readonly #awaited = new Map<string, Awaited>();
  #drafts = 0;

  constructor(kit: FilesKit, folder: string, handlers: Handlers) {
    this.#kit = kit;
    this.#folder = folder;
    this.#handlers = handlers;
    kit.on("transfer", (transfer) => this.#look(transfer));
  }

  /** A message: what is a file is asked for. */
  async take({ body, from, id, own }: Message): Promise<void> {
    if (own || body.type !== "file" || !("name" in body) || typeof body.name !== "string") return;
    const others = [...this.#awaited.values()].filter((one) => one.from === from);
    if (others.length >= MAX_AWAITED) throw new Error("too many files are on their way already");
    this.#awaited.set(id, { from, name: body.name });
    try {
      await this.#kit.files.fetch(id);
    } catch (error) {
      this.#awaited.delete(id);
      throw error;
    }
    // One that is here already is told of no more.
    const transfer = await this.#kit.files.transfer(id);
    if (transfer !== undefined) this.#look(transfer);
  }

  #look({ direction, failure, messageId, state }: Transfer): void {
    const awaited = this.#awaited.get(messageId);
    const { onProblem, onSaved } = this.#handlers;
    if (direction !== "receive" || awaited === undefined) return;
    if (state !== "complete" && state !== "failed") return;
    this.#awaited.delete(messageId);
    if (state === "failed") {
      onProblem(new Error(`a file did not come: ${failure ?? "unknown"}`));
      return;
    }
    this.#kit.files
      .open(messageId)
      .then(async (source) => onSaved(messageId, await this.#save(source, awaited.name)))
      .catch(onProblem);
  }

  async #save(source: FileSource, name: string): Promise<string> {
    await mkdir(this.#folder, { recursive: true });
    const safe = safeName(name);
    // Two files may be whole in one millisecond.
    this.#drafts += 1;
    const draft = join(this.#folder, `.${process.pid}-${Date.now()}-${this.#drafts}.part`);
    const handle = await open(draft, "wx", 0o600);
    try {
      await copy(source, handle);
      return await place(draft, this.#folder, safe);
    } finally {
      await unlink(draft);
    }
  }
}

async function copy(source: FileSource, handle: FileHandle): Promise<void> {
  try {
    for (let at = 0; at < source.size; at += COPY_BYTES) {
      await handle.writeFile(await source.read(at, COPY_BYTES));
    }
    await handle.sync();
  } finally {
    await handle.close();
    await source.close();
  }
}

/** Under its name, or the first with a number that nothing has. */
async function place(draft: string, folder: string, name: string): Promise<string> {
  const dot = name.lastIndexOf(".");
  const [stem, ending] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ""];
  for (let number = 1; ; number += 1) {
    const path = join(folder, number === 1 ? name : `${stem} (${number})${ending}`);
    try {
      await link(draft, path);
      return path;
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw error;
    }
  }
}
