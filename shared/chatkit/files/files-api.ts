import type { ConversationId, FileBody, MessageId } from "../../protocol/index.ts";
import type { Message } from "../api.ts";
import type { FileSource } from "./file-vault.ts";

/** Files in conversations: `ChatKitApi.files`. */
export interface FilesApi {
  /**
   * Sends a file. Resolves once the message is queued and the vault has the source, so that it can
   * still be read after a restart; the source is closed then. It is the caller's where it rejects.
   * @throws ChatKitError no-such-conversation, invalid-file, disk-full, store-failed
   */
  send(
    conversationId: ConversationId,
    source: FileSource,
    options?: SendFileOptions,
  ): Promise<Message>;
  /**
   * Sends a file that is whole here into another conversation, under a new id and key.
   * @throws ChatKitError no-such-message, not-complete, and as `send`
   */
  forward(messageId: MessageId, conversationId: ConversationId): Promise<Message>;
  /** A snapshot of what is under way, waits or failed; what is complete is not in it. */
  transfers(): readonly Transfer[];
  /** The state of one message's file on this device; undefined where it is none. */
  transfer(messageId: MessageId): Promise<Transfer | undefined>;
  /**
   * Begins to get a file, goes on after a pause, or tries a failed one again: from where it was.
   * Resolves once that is on disk; `transfer` events tell the rest.
   */
  fetch(messageId: MessageId): Promise<void>;
  /** Stops until `fetch`. For a file of one's own: no other device gets more of it until `fetch`. */
  pause(messageId: MessageId): Promise<void>;
  /** Gives up, and deletes what is here of it. One's own is then no longer offered to anybody. */
  cancel(messageId: MessageId): Promise<void>;
  /** The content, where it is whole here: fetched, or one's own. @throws ChatKitError not-complete */
  open(messageId: MessageId): Promise<FileSource>;
  /** Files up to so many bytes are fetched by themselves; 0 for none. Remembered on this device. */
  setAutoFetch(maxBytes: number): Promise<void>;
  readonly autoFetch: number;
  /** What files take on this device, one's own that are kept for others included. */
  usage(): Promise<FileUsage>;
  /** Deletes what was received, also in part; it can be fetched again while its sender has it. */
  deleteReceived(): Promise<void>;
}

export interface FileUsage {
  readonly files: number;
  readonly bytes: number;
}

export interface SendFileOptions extends Pick<
  FileBody,
  "caption" | "replyTo" | "image" | "durationMs" | "waveform" | "forwarded"
> {}

/** The way of one file between this device and others. */
export interface Transfer {
  readonly messageId: MessageId;
  readonly conversationId: ConversationId;
  readonly direction: "send" | "receive";
  readonly state:
    /** Not asked for yet. */
    | "offered"
    /** Asked for; the other side is not there, or others are before it. */
    | "waiting"
    | "active"
    | "paused"
    | "complete"
    | "failed";
  readonly failure?: TransferFailure;
  /** Bytes of the content that are here; for one's own: that the device furthest behind has got. */
  readonly bytes: number;
  readonly size: number;
  /** While active: over the last seconds. */
  readonly bytesPerSecond?: number;
  readonly remainingMs?: number;
  /** By which way it goes now, or went last. */
  readonly path?: "direct" | "relayed" | "stored";
  /** One's own: devices that have it whole, and all that it was sent to. */
  readonly devices?: { readonly complete: number; readonly all: number };
}

export type TransferFailure =
  | "disk-full"
  | "no-permission"
  /** The file was changed, moved or deleted at its sender. */
  | "source-gone"
  | "source-changed"
  /** Its sender took it back or gave up. */
  | "withdrawn"
  /** What came is not what was sent. */
  | "hash-mismatch"
  /** A kind of seal that this version does not know. */
  | "unknown-seal"
  | "store-failed";
