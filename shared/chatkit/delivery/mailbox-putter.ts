import { limits, type MailboxPut, type PutOutcome } from "../../protocol/index.ts";
import { encodeBase64 } from "../../crypto/index.ts";
import { ChatKitError } from "../api.ts";
import type { ServerConnection } from "../connection/server-connection.ts";

interface Waiting {
  readonly put: MailboxPut;
  readonly resolve: (outcome: PutOutcome) => void;
  readonly reject: (reason: unknown) => void;
}

/** Base64 characters of one request, well under the frame limit. */
const MAX_BATCH_CHARACTERS = limits.MAX_TEXT_FRAME_BYTES / 2;

/** Requests under way; what comes meanwhile makes larger batches. */
const MAX_REQUESTS = 4;

/** Stores envelopes in other devices' mailboxes; those of one tick share a request. */
export class MailboxPutter {
  readonly #connection: ServerConnection;
  /** Bounded by the couriers: one batch for each device. */
  #waiting: Waiting[] = [];
  #requests = 0;
  #scheduled = false;

  constructor(connection: ServerConnection) {
    this.#connection = connection;
  }

  /** @throws as `ServerConnection.request`; the envelope may have been stored all the same */
  put(target: Omit<MailboxPut, "envelope">, envelope: Uint8Array): Promise<PutOutcome> {
    const { promise, resolve, reject } = Promise.withResolvers<PutOutcome>();
    const put = { ...target, envelope: encodeBase64(envelope) };
    this.#waiting.push({ put, resolve, reject });
    if (!this.#scheduled) {
      this.#scheduled = true;
      queueMicrotask(() => {
        this.#scheduled = false;
        this.#flush();
      });
    }
    return promise;
  }

  #flush(): void {
    while (this.#waiting.length > 0 && this.#requests < MAX_REQUESTS) {
      const batch = this.#takeBatch();
      this.#requests++;
      void this.#request(batch).finally(() => {
        this.#requests--;
        this.#flush();
      });
    }
  }

  #takeBatch(): Waiting[] {
    let characters = 0;
    let count = 0;
    for (const { put } of this.#waiting) {
      characters += put.envelope.length;
      if (count === limits.MAILBOX_PUT_BATCH || (count > 0 && characters > MAX_BATCH_CHARACTERS)) {
        break;
      }
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  async #request(batch: readonly Waiting[]): Promise<void> {
    try {
      const { outcomes } = await this.#connection.request("mailbox.put", {
        envelopes: batch.map(({ put }) => put),
      });
      for (const [index, { resolve, reject }] of batch.entries()) {
        const outcome = outcomes[index];
        if (outcome === undefined) {
          reject(
            new ChatKitError("server-unreachable", "The answer is short.", { retryable: true }),
          );
        } else {
          resolve(outcome);
        }
      }
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}
