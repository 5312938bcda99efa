import type { DeviceId, FileBody, FileId } from "../../protocol/index.ts";
import { FILE_RETRY_MAX_MS, FILE_RETRY_MIN_MS } from "../limits.ts";
import type { Link } from "../link.ts";
import type { Timer } from "../ports.ts";
import type { MessageRecord } from "../store.ts";
import { vaultIdOf } from "./file-body.ts";
import type { FileContent } from "./file-content.ts";
import type { FileRecord } from "./file-records.ts";
import type { IncomingFile } from "./incoming-file.ts";

/** The chunks of one asking, as they come. */
export interface IncomingStream {
  readonly number: number;
  readonly link: Link;
  /** The chunks before that one were permitted. */
  upTo: number;
  /** When the last of it came, monotonic ms. */
  heardAt: number;
  timer: Timer | undefined;
}

/** One file that somebody on this device wants. */
export class FileFetch {
  readonly message: MessageRecord;
  readonly body: FileBody;
  readonly content: FileContent;
  readonly vaultId: FileId;
  record: FileRecord;
  /** Being got ready, so that two looks do not begin it twice. */
  starting = false;
  incoming: IncomingFile | undefined;
  stream: IncomingStream | undefined;
  /** Base64, once its sender has told. */
  sha256: string | undefined;
  /** All is here, and is compared. */
  finishing = false;
  /** Until when a direct link is waited for that is being opened. */
  graceUntil: number | undefined;
  readonly #refused = new Map<DeviceId, { readonly until: number; readonly pauseMs: number }>();

  constructor(message: MessageRecord, body: FileBody, content: FileContent, record: FileRecord) {
    this.message = message;
    this.body = body;
    this.content = content;
    this.vaultId = vaultIdOf({ ...record, source: false });
    this.record = record;
    this.sha256 = body.sha256;
  }

  /** That device cannot give it now: it is asked again after a pause that grows. */
  refuse(device: DeviceId, now: number): number {
    const before = this.#refused.get(device)?.pauseMs;
    const pauseMs =
      before === undefined ? FILE_RETRY_MIN_MS : Math.min(2 * before, FILE_RETRY_MAX_MS);
    this.#refused.set(device, { until: now + pauseMs, pauseMs });
    return pauseMs;
  }

  isRefused(device: DeviceId): boolean {
    return this.#refused.has(device);
  }

  mayAsk(device: DeviceId, now: number): boolean {
    return (this.#refused.get(device)?.until ?? 0) <= now;
  }

  /** When the first of those who refused may be asked again; undefined where nobody refused. */
  get retryAt(): number | undefined {
    const times = [...this.#refused.values()].map(({ until }) => until);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** It may be asked again at once: something changed there. */
  forgive(device?: DeviceId): void {
    if (device === undefined) this.#refused.clear();
    else this.#refused.delete(device);
  }

  /** Bytes of the content that are in the vault. */
  get bytes(): number {
    return this.incoming?.written ?? this.record.bytes;
  }
}
