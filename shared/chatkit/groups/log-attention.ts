import { ProtocolError, type ConversationId } from "../../protocol/index.ts";
import { ChatKitError } from "../api.ts";
import { backOffMs } from "../connection/back-off.ts";
import type { ServerConnection } from "../connection/server-connection.ts";
import {
  MAX_GROUPS_TOLD,
  MEMBERSHIP_LOGS_AT_ONCE,
  MEMBERSHIP_READ_TRIES,
  MEMBERSHIP_RETRY_MAX_MS,
  MEMBERSHIP_RETRY_MIN_MS,
} from "../limits.ts";
import type { Clock, Log, Random, Timer } from "../ports.ts";

/** `none`: there is no such group for this account. `unreached`: the server did not tell. */
export type LookedAt = "known" | "none" | "unreached";

export interface LogAttentionOptions {
  readonly connection: ServerConnection;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** @throws whatever; it is then tried again */
  readonly look: (conversationId: ConversationId) => Promise<LookedAt>;
}

interface Look {
  readonly outcome: Promise<LookedAt>;
  hasBegun: boolean;
}

/**
 * Membership logs that want reading: a few at a time. What fails in the background is tried again with
 * growing pauses while there is a server; a new session begins anew.
 */
export class LogAttention {
  readonly #options: LogAttentionOptions;
  readonly #waiting = new Set<ConversationId>();
  /** How often in a row the reading of that log has failed. */
  readonly #failures = new Map<ConversationId, number>();
  readonly #retries = new Map<ConversationId, Timer>();
  /** Whoever asks for what is about to be asked for anyway shares the answer. */
  readonly #looks = new Map<ConversationId, Look>();
  readonly #unsubscribe: () => void;
  #running = 0;
  #closed = false;

  constructor(options: LogAttentionOptions) {
    this.#options = options;
    this.#unsubscribe = options.connection.onState(({ state }) => {
      if (state !== "online") this.#giveUp();
    });
  }

  /** Reads it on in the background. */
  add(conversationId: ConversationId): void {
    if (this.#waiting.size >= MAX_GROUPS_TOLD) return;
    this.#waiting.add(conversationId);
    if (this.#running < MEMBERSHIP_LOGS_AT_ONCE) void this.#run();
  }

  /** Reads it on now: what the server has when this is called. Never rejects. */
  look(conversationId: ConversationId): Promise<LookedAt> {
    const known = this.#looks.get(conversationId);
    // One that is under way may have been answered before.
    if (known?.hasBegun === false) return known.outcome;
    const { promise, resolve } = Promise.withResolvers<LookedAt>();
    const look: Look = { outcome: promise, hasBegun: false };
    this.#looks.set(conversationId, look);
    const begin = async (): Promise<void> => {
      look.hasBegun = true;
      resolve(await this.#lookAt(conversationId));
      if (this.#looks.get(conversationId) === look) this.#looks.delete(conversationId);
    };
    void (known?.outcome ?? Promise.resolve()).then(begin);
    return promise;
  }

  close(): void {
    this.#closed = true;
    this.#unsubscribe();
    this.#giveUp();
  }

  async #run(): Promise<void> {
    this.#running++;
    for (const next of this.#waiting) {
      this.#waiting.delete(next);
      await this.look(next);
    }
    this.#running--;
  }

  async #lookAt(conversationId: ConversationId): Promise<LookedAt> {
    if (this.#closed) return "unreached";
    try {
      const looked = await this.#options.look(conversationId);
      this.#failures.delete(conversationId);
      return looked;
    } catch (error) {
      this.#options.log.info("a group's log was not read", { error });
      this.#retryLater(conversationId, error);
      return "unreached";
    }
  }

  #retryLater(conversationId: ConversationId, error: unknown): void {
    const { clock, connection, random } = this.#options;
    if (this.#closed || connection.state.state !== "online") return;
    if (error instanceof ProtocolError && !error.retryable) return;
    if (error instanceof ChatKitError && error.reason !== "server-unreachable") return;
    const failures = this.#failures.get(conversationId) ?? 0;
    if (failures >= MEMBERSHIP_READ_TRIES || this.#retries.has(conversationId)) return;
    this.#failures.set(conversationId, failures + 1);
    const least = error instanceof ProtocolError ? (error.retryAfterMs ?? 0) : 0;
    const bounds = { min: MEMBERSHIP_RETRY_MIN_MS, max: MEMBERSHIP_RETRY_MAX_MS };
    const timer = clock.setTimer(
      () => {
        this.#retries.delete(conversationId);
        this.add(conversationId);
      },
      least + MEMBERSHIP_RETRY_MIN_MS + backOffMs(random, failures, bounds),
    );
    this.#retries.set(conversationId, timer);
  }

  #giveUp(): void {
    this.#waiting.clear();
    this.#failures.clear();
    for (const timer of this.#retries.values()) timer.cancel();
    this.#retries.clear();
  }
}
