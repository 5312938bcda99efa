import type { ConversationId } from "../../protocol/index.ts";
import { GROUPS_AT_ONCE, MAX_GROUPS_WAITING } from "../limits.ts";

/** What is known of a group that has changed at the server. */
export interface GroupNews {
  readonly epoch: number;
  readonly compare: boolean;
  /** Somebody has left it. */
  readonly tidy?: boolean;
}

/** Groups that want looking after although nobody is writing: a few at a time, each once. */
export class GroupAttention {
  readonly #waiting = new Map<ConversationId, GroupNews>();
  readonly #attend: (conversationId: ConversationId, news: GroupNews) => Promise<void>;
  #running = 0;

  /** @param attend must not reject */
  constructor(attend: (conversationId: ConversationId, news: GroupNews) => Promise<void>) {
    this.#attend = attend;
  }

  get isIdle(): boolean {
    return this.#running === 0;
  }

  /** Beyond `MAX_GROUPS_WAITING` it is not remembered: such a group catches up when it is used. */
  add(conversationId: ConversationId, news: GroupNews): void {
    const known = this.#waiting.get(conversationId);
    if (known === undefined && this.#waiting.size >= MAX_GROUPS_WAITING) return;
    this.#waiting.set(conversationId, {
      epoch: Math.max(news.epoch, known?.epoch ?? 0),
      compare: news.compare || known?.compare === true,
      tidy: news.tidy === true || known?.tidy === true,
    });
    if (this.#running < GROUPS_AT_ONCE) void this.#run();
  }

  clear(): void {
    this.#waiting.clear();
  }

  async #run(): Promise<void> {
    this.#running++;
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      await this.#attend(...next);
    }
    this.#running--;
  }

  #next(): [ConversationId, GroupNews] | undefined {
    for (const next of this.#waiting) {
      this.#waiting.delete(next[0]);
      return next;
    }
    return undefined;
  }
}
