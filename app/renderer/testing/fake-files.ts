import * as v from "valibot";
import { ChatKitError, type Message } from "../../../shared/chatkit/api.ts";
import type {
  FilesApi,
  SendFileOptions,
  Transfer,
} from "../../../shared/chatkit/files/files-api.ts";
import type { FileSource } from "../../../shared/chatkit/files/file-vault.ts";
import {
  encodeId,
  type FileBody,
  FileId,
  MessageId,
  type ConversationId,
} from "../../../shared/protocol/index.ts";
import { BlobSource } from "../ports/blob-source.ts";
import { message } from "./fake-people.ts";

/** A step of a played transfer, and how many there are. */
const STEP_MS = 250;
const STEPS = 40;

/** Fixed ids, for tests. */
export function messageIds(count: number): readonly MessageId[] {
  return Array.from({ length: count }, (_, index) => v.parse(MessageId, someId(9, index)));
}

function someId(kind: number, number: number): string {
  const bytes = new Uint8Array(16).fill(kind);
  new DataView(bytes.buffer).setUint32(0, number);
  return encodeId(bytes);
}

/** What the fake needs of the kit around it. */
export interface FakeFilesHost {
  emit(event: "transfer", transfer: Transfer): void;
  message(id: MessageId): Promise<Message | undefined>;
  receive(message: Message): void;
}

/** Files as a test or a picture needs them: transfers are played, nothing moves. */
export class FakeFiles implements FilesApi {
  autoFetch = 8 * 1024 * 1024;
  readonly #host: FakeFilesHost;
  readonly #contents = new Map<MessageId, FileSource>();
  readonly #transfers = new Map<MessageId, Transfer>();
  readonly #timers = new Map<MessageId, ReturnType<typeof setInterval>>();
  #next = 0;

  constructor(host: FakeFilesHost) {
    this.#host = host;
  }

  /** A message with a file, from either side, in whatever state. */
  add(
    conversationId: ConversationId,
    own: boolean,
    source: FileSource,
    options: SendFileOptions = {},
    state: Partial<Transfer> = {},
  ): Message {
    this.#next += 1;
    const { name, mediaType, size } = source;
    const body: FileBody = {
      type: "file",
      fileId: v.parse(FileId, someId(8, this.#next)),
      name,
      mediaType,
      size: state.size ?? size,
      key: `${"A".repeat(43)}=`,
      header: "A".repeat(32),
      ...options,
    };
    const id = v.parse(MessageId, someId(7, this.#next));
    const line = message(1, 90_000 + this.#next, [0, own, ""], Date.now());
    const direct = { path: "direct", reason: "link-open" } as const;
    this.#contents.set(id, source);
    this.#transfers.set(id, {
      messageId: id,
      conversationId,
      direction: own ? "send" : "receive",
      state: "complete",
      bytes: size,
      size: body.size,
      ...(own ? { devices: { complete: 2, all: 2 } } : {}),
      ...state,
    });
    const sent: Message = {
      ...line,
      id,
      conversationId,
      body,
      ...(own ? { delivery: { state: "read", ...direct, at: Date.now() } } : {}),
    };
    this.#host.receive(sent);
    return sent;
  }

  send = async (
    conversationId: ConversationId,
    source: FileSource,
    options: SendFileOptions = {},
  ): Promise<Message> => {
    const waiting = { state: "active", bytes: 0, devices: { complete: 0, all: 2 } } as const;
    const sent = this.add(conversationId, true, source, options, waiting);
    this.#play(sent.id);
    return sent;
  };
  forward = async (): Promise<Message> => {
    throw new ChatKitError("not-complete", "the fake does not forward");
  };
  transfers = (): readonly Transfer[] =>
    [...this.#transfers.values()].filter(({ state }) => state !== "complete");
  transfer = async (id: MessageId): Promise<Transfer | undefined> => this.#transfers.get(id);
  fetch = async (id: MessageId): Promise<void> => this.#play(id);
  pause = async (id: MessageId): Promise<void> => {
    clearInterval(this.#timers.get(id));
    this.#change(id, { state: "paused" });
  };
  cancel = async (id: MessageId): Promise<void> => {
    clearInterval(this.#timers.get(id));
    this.#change(id, { state: "offered", bytes: 0 });
  };
  open = async (id: MessageId): Promise<FileSource> => {
    const source = this.#contents.get(id);
    if (source === undefined) throw new ChatKitError("not-complete", "not here");
    return source;
  };
  setAutoFetch = async (maxBytes: number): Promise<void> => {
    this.autoFetch = maxBytes;
  };
  usage = async (): Promise<{ files: number; bytes: number }> => ({ files: 12, bytes: 84_000_000 });
  deleteReceived = async (): Promise<void> => undefined;

  #play(id: MessageId): void {
    clearInterval(this.#timers.get(id));
    this.#timers.set(
      id,
      setInterval(() => {
        const transfer = this.#transfers.get(id);
        if (transfer === undefined) return;
        const bytes = Math.min(transfer.size, transfer.bytes + transfer.size / STEPS);
        const bytesPerSecond = (transfer.size / STEPS) * (1000 / STEP_MS);
        const remainingMs = ((transfer.size - bytes) / bytesPerSecond) * 1000;
        if (bytes < transfer.size) {
          this.#change(id, { state: "active", bytes, bytesPerSecond, remainingMs });
          return;
        }
        clearInterval(this.#timers.get(id));
        this.#change(id, { state: "complete", bytes });
      }, STEP_MS),
    );
  }

  #change(id: MessageId, change: Partial<Transfer>): void {
    const transfer = this.#transfers.get(id);
    if (transfer === undefined) return;
    const changed = { ...transfer, ...change };
    this.#transfers.set(id, changed);
    this.#host.emit("transfer", changed);
  }
}

/** One of everything, in every state, for looking at it. */
export async function showFiles(files: FakeFiles, id: ConversationId): Promise<void> {
  const thumbnail = await drawn(24, 18, "image/webp");
  const base64 = btoa(String.fromCharCode(...new Uint8Array(await thumbnail.arrayBuffer())));
  const photo = new BlobSource(await drawn(1200, 900, "image/webp"), "harbour.webp");
  const image = { width: 1200, height: 900, thumbnail: base64 };
  const large = (name: string, size: number) => ({
    name,
    size,
    mediaType: "application/octet-stream",
    read: async () => new Uint8Array(),
    close: async () => undefined,
  });
  files.add(id, false, photo, { image, caption: "The harbour this morning" });
  files.add(id, true, new BlobSource(await drawn(600, 1100, "image/webp"), "tall.webp"), {
    image: { ...image, width: 600, height: 1100 },
  });
  files.add(id, false, photo, { image }, { state: "active", bytes: 400_000, size: 1_000_000 });
  files.add(id, false, photo, { image }, { state: "offered", bytes: 0, size: 14_000_000 });
  files.add(
    id,
    false,
    large("Tide tables of the whole northern coast, revised edition.pdf", 2_400_000),
  );
  files.add(
    id,
    true,
    large("survey-2026.zip", 740_000_000),
    {},
    {
      state: "active",
      bytes: 212_000_000,
      bytesPerSecond: 38_400_000,
      remainingMs: 13_750,
      devices: { complete: 0, all: 2 },
    },
  );
  files.add(id, false, large("recordings.tar", 9_800_000_000), {}, { state: "paused", bytes: 4e9 });
  files.add(id, false, large("plan.dwg", 52_000_000), {}, { state: "waiting", bytes: 0 });
  files.add(
    id,
    false,
    large("model.bin", 52_000_000),
    {},
    { state: "failed", failure: "disk-full", bytes: 2e7 },
  );
  const waveform = btoa(
    String.fromCharCode(
      ...Array.from({ length: 64 }, (_, i) => Math.abs(Math.sin(i / 3) * 200) + 40),
    ),
  );
  const voice = new BlobSource(new Blob(["x"]), "voice.webm", "audio/webm");
  files.add(id, false, voice, { waveform, durationMs: 34_200 });
  files.add(id, true, voice, { waveform, durationMs: 7_900 });
}

async function drawn(width: number, height: number, type: string): Promise<Blob> {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  if (context === null) throw new Error("no canvas");
  const sky = context.createLinearGradient(0, 0, 0, height);
  sky.addColorStop(0, "#8fb6d9");
  sky.addColorStop(0.55, "#f6d8a8");
  sky.addColorStop(0.56, "#39596e");
  sky.addColorStop(1, "#16303f");
  context.fillStyle = sky;
  context.fillRect(0, 0, width, height);
  context.fillStyle = "#fff3d0";
  context.arc(width * 0.7, height * 0.4, Math.min(width, height) * 0.09, 0, 7);
  context.fill();
  return canvas.convertToBlob({ type, quality: 0.6 });
}
