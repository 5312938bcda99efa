import { signal, type Signal } from "@preact/signals";
import type { ChatKitApi } from "../../../shared/chatkit/chatkit.ts";
import type { Message } from "../../../shared/chatkit/api.ts";
import {
  FileBody,
  type ConversationId,
  type KeptBody,
  type MessageId,
} from "../../../shared/protocol/index.ts";
import * as v from "valibot";
import { safeName } from "./file-kind.ts";
import { FileUrls } from "./file-urls.ts";
import { VoicePlayer } from "./voice-player.ts";

/** Files that a person chose, before they are sent. */
export interface Picked {
  readonly conversationId: ConversationId;
  readonly files: readonly PickedFile[];
  /** So many more were chosen than go at once. */
  readonly leftOut: number;
}

export interface PickedFile {
  readonly name: string;
  /** The folder's files where it is one; it goes as one archive. */
  readonly content: File | readonly FolderEntry[];
}

export interface FolderEntry {
  /** From the folder on, with `/`. */
  readonly path: string;
  readonly file: File;
}

/** Chosen at once; more are a folder. */
export const MAX_PICKED = 50;

/** What the windows of one account share about files. */
export class FileDesk {
  readonly kit: ChatKitApi;
  readonly urls: FileUrls;
  readonly voice: VoicePlayer;
  /** Waiting in the sheet. */
  readonly picked: Signal<Picked | undefined> = signal(undefined);
  /** The picture or film that fills the window. */
  readonly shown: Signal<MessageId | undefined> = signal(undefined);

  constructor(kit: ChatKitApi) {
    this.kit = kit;
    this.urls = new FileUrls(kit.files);
    this.voice = new VoicePlayer(
      (id) => this.urls.acquire(id),
      (id) => this.urls.release(id),
    );
  }

  /** Adds to what waits in the sheet of the same conversation. */
  pick(conversationId: ConversationId, files: readonly PickedFile[]): void {
    if (files.length === 0) return;
    const before = this.picked.peek();
    const known = before?.conversationId === conversationId ? before.files : [];
    const all = [...known, ...files];
    const leftOut = Math.max(0, all.length - MAX_PICKED);
    this.picked.value = { conversationId, files: all.slice(0, MAX_PICKED), leftOut };
  }

  /** Nothing is seen or heard any more; what waits in the sheet stays there. */
  hide(): void {
    this.voice.stop();
    this.shown.value = undefined;
  }

  close(): void {
    this.voice.stop();
    this.urls.close();
  }
}

/**
 * The body of a file's message, with a name that reads as it is wherever it is shown or told; undefined
 * for any other.
 */
export function fileBody(body: KeptBody): FileBody | undefined {
  const file = v.safeParse(FileBody, body);
  return file.success ? { ...file.output, name: safeName(file.output.name) } : undefined;
}

/** Files by their message, in order. */
export function filesOf(
  messages: readonly Message[],
): readonly { readonly message: Message; readonly body: FileBody }[] {
  return messages.flatMap((message) => {
    const body = fileBody(message.body);
    return body === undefined ? [] : [{ message, body }];
  });
}
