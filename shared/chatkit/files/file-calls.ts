import type { ConversationId, MessageId } from "../../protocol/index.ts";
import { toMessage } from "../account.ts";
import { ChatKitError, type Message } from "../api.ts";
import { calling } from "../calling.ts";
import type { FileEngine } from "./file-engine.ts";
import { FileError, type FileSource } from "./file-vault.ts";
import type { FilesApi, FileUsage, SendFileOptions, Transfer } from "./files-api.ts";

interface Open {
  /** Absent where the host keeps no files. */
  readonly files: FileEngine | undefined;
}

/** Files as hosts use them. */
export class FileCalls implements FilesApi {
  readonly #current: () => Open | undefined;
  readonly #open: () => Open;

  /**
   * @param current the account, if one is open
   * @param open throws ChatKitError not-open where none is
   */
  constructor(current: () => Open | undefined, open: () => Open) {
    this.#current = current;
    this.#open = open;
  }

  get autoFetch(): number {
    return this.#current()?.files?.autoFetch ?? 0;
  }

  send(
    conversationId: ConversationId,
    source: FileSource,
    options: SendFileOptions = {},
  ): Promise<Message> {
    return this.#call(async (files) =>
      toMessage(await files.send(conversationId, source, options)),
    );
  }

  forward(messageId: MessageId, conversationId: ConversationId): Promise<Message> {
    return this.#call(async (files) => toMessage(await files.forward(messageId, conversationId)));
  }

  transfers(): readonly Transfer[] {
    return this.#current()?.files?.transfers() ?? [];
  }

  transfer(messageId: MessageId): Promise<Transfer | undefined> {
    return this.#call((files) => files.transfer(messageId));
  }

  fetch(messageId: MessageId): Promise<void> {
    return this.#call((files) => files.fetch(messageId));
  }

  pause(messageId: MessageId): Promise<void> {
    return this.#call((files) => files.pause(messageId));
  }

  cancel(messageId: MessageId): Promise<void> {
    return this.#call((files) => files.cancel(messageId));
  }

  open(messageId: MessageId): Promise<FileSource> {
    return this.#call((files) => files.open(messageId));
  }

  setAutoFetch(maxBytes: number): Promise<void> {
    return this.#call((files) => files.setAutoFetch(maxBytes));
  }

  usage(): Promise<FileUsage> {
    return this.#call((files) => files.usage());
  }

  deleteReceived(): Promise<void> {
    return this.#call((files) => files.deleteReceived());
  }

  #call<T>(call: (files: FileEngine) => Promise<T>): Promise<T> {
    return calling(async () => {
      const { files } = this.#open();
      if (files === undefined) throw new ChatKitError("no-files", "This host keeps no files.");
      try {
        return await call(files);
      } catch (error) {
        throw error instanceof FileError ? asChatKitError(error) : error;
      }
    });
  }
}

const reasons = {
  "disk-full": "disk-full",
  "no-permission": "no-permission",
  gone: "source-gone",
  changed: "source-gone",
  unknown: "store-failed",
} as const;

function asChatKitError(error: FileError): ChatKitError {
  return new ChatKitError(reasons[error.reason], error.message, { cause: error });
}
