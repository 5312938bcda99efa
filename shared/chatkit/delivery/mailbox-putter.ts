import {
  limits,
  type ConversationId,
  type MailboxPost,
  type MailboxPut,
  type MessageId,
  type PutOutcome,
} from "../../protocol/index.ts";
import { encodeBase64 } from "../../crypto/index.ts";
import { ChatKitError } from "../api.ts";
import type { ServerConnection } from "../connection/server-connection.ts";

interface Waiting<T> {
  readonly put: T;
  readonly resolve: (outcome: PutOutcome) => void;
  readonly reject: (reason: unknown) => void;
}

/** A sealed message of a group, the same for all who get it. */
export interface Posted {
  readonly id: MessageId;
  readonly conversationId: ConversationId;
  readonly sequence: number;
  readonly sealed: Uint8Array;
}

type Recipient = MailboxPost["to"][number];

interface Post {
  readonly message: Posted;
  readonly waiting: Waiting<Recipient>[];
}

/** Base64 characters of one request, well under the frame limit. */
const MAX_BATCH_CHARACTERS = limits.MAX_TEXT_FRAME_BYTES / 2;

/** Requests under way; what comes meanwhile makes larger batches. */
const MAX_REQUESTS = 4;

/** Stores envelopes in other devices' mailboxes; those of one tick share a request. */
export class MailboxPutter {
  readonly #connection: ServerConnection;
  /** Bounded by the couriers: one batch for each device. */
  #waiting: Waiting<MailboxPut>[] = [];
  /** By message and sealing: once it is sealed anew it is another. First come, first served. */
  readonly #posts = new Map<Uint8Array, Post>();
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
    this.#flushSoon();
    return promise;
  }

  /** The same for one more recipient of a group's message. @throws as `put` */
  post(message: Posted, to: Recipient): Promise<PutOutcome> {
    const { promise, resolve, reject } = Promise.withResolvers<PutOutcome>();
    const post = this.#posts.get(message.sealed) ?? { message, waiting: [] };
    post.waiting.push({ put: to, resolve, reject });
    this.#posts.set(message.sealed, post);
    this.#flushSoon();
    return promise;
  }

  #flushSoon(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    while (this.#requests < MAX_REQUESTS) {
      const request = this.#next();
      if (request === undefined) return;
      this.#requests++;
      void request.finally(() => {
        this.#requests--;
        this.#flush();
      });
    }
  }

  #next(): Promise<void> | undefined {
    if (this.#waiting.length > 0) {
      const batch = this.#takeBatch();
      return this.#request(batch, async () => {
        const envelopes = batch.map(({ put }) => put);
        return await this.#connection.request("mailbox.put", { envelopes });
      });
    }
    for (const [sealed, { message, waiting }] of this.#posts) {
      const batch = waiting.splice(0, limits.MAILBOX_POST_DEVICES);
      if (waiting.length === 0) this.#posts.delete(sealed);
      const { conversationId, id, sequence } = message;
      return this.#request(batch, async () => {
        const to = batch.map(({ put }) => put);
        const text = encodeBase64(sealed);
        const post = { id, conversationId, sequence, to, sealed: text };
        return await this.#connection.request("mailbox.post", post);
      });
    }
    return undefined;
  }

  #takeBatch(): Waiting<MailboxPut>[] {
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

  async #request(
    batch: readonly Omit<Waiting<unknown>, "put">[],
    ask: () => Promise<{ readonly outcomes: readonly PutOutcome[] }>,
  ): Promise<void> {
    try {
      const { outcomes } = await ask();
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
