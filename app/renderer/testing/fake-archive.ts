import type { Message } from "../../../shared/chatkit/api.ts";
import type { ArchiveApi, SearchOptions, SearchPage } from "../../../shared/chatkit/chatkit.ts";
import type { HistoryRecords } from "../../../shared/chatkit/history/history-records.ts";
import type { Merged } from "../../../shared/chatkit/history/merging.ts";
import { textOf } from "../../../shared/chatkit/history/message-text.ts";
import {
  findsAll,
  needlesOf,
  rangesOf,
  searchable,
} from "../../../shared/chatkit/history/words.ts";
import type { ConversationId, MessageId } from "../../../shared/protocol/index.ts";
import { userId } from "./fake-people.ts";

/** Searching and deleting over scripted messages. */
export class FakeArchive implements ArchiveApi {
  readonly #messages: Map<ConversationId, Message[]>;
  readonly #onRemoved: (conversationId: ConversationId, ids: readonly MessageId[]) => void;

  constructor(
    messages: Map<ConversationId, Message[]>,
    onRemoved: (conversationId: ConversationId, ids: readonly MessageId[]) => void,
  ) {
    this.#messages = messages;
    this.#onRemoved = onRemoved;
  }

  search = async (query: string, options: SearchOptions = {}): Promise<SearchPage> => {
    const needles = needlesOf(query);
    const { conversationId, from, hasFile, since = -Infinity, limit = 30 } = options;
    const hits = [...this.#messages.values()]
      .flat()
      .filter(
        (message) =>
          needles.length > 0 &&
          (conversationId ?? message.conversationId) === message.conversationId &&
          (from ?? message.from) === message.from &&
          (hasFile !== true || message.body.type === "file") &&
          message.sentAt >= since &&
          findsAll(searchable(textOf(message.body)), needles),
      )
      .toSorted((a, b) => b.sentAt - a.sentAt)
      .slice(0, limit)
      .map((message) => {
        const text = textOf(message.body);
        return { message, text, ranges: rangesOf(text, needles) };
      });
    return { hits };
  };
  prepareSearch = async (): Promise<void> => undefined;
  files = async (conversationId: ConversationId): Promise<readonly Message[]> =>
    (this.#messages.get(conversationId) ?? []).filter(({ body }) => body.type === "file");
  deleteHere = async (ids: readonly MessageId[]): Promise<void> => {
    for (const [conversationId, messages] of this.#messages) {
      const gone = messages.filter(({ id }) => ids.includes(id)).map(({ id }) => id);
      if (gone.length === 0) continue;
      this.#messages.set(
        conversationId,
        messages.filter(({ id }) => !gone.includes(id)),
      );
      this.#onRemoved(conversationId, gone);
    }
  };
  clear = async (conversationId: ConversationId): Promise<void> => {
    const ids = (this.#messages.get(conversationId) ?? []).map(({ id }) => id);
    await this.deleteHere(ids);
  };
  keepFor = async (): Promise<void> => undefined;
  records = (): HistoryRecords => ({
    header: {
      format: "beeline-history",
      version: 1,
      exportedAt: 0,
      account: userId(0),
      name: "Ada",
    },
    entries: (async function* () {
      yield { type: "end", conversations: 0, messages: 0 } as const;
    })(),
  });
  merge = async (): Promise<Merged> => ({ added: 0, known: 0 });
}
