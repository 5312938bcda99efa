import type { ConversationId, MessageId, UserId } from "../../protocol/index.ts";
import { toMessage, type Account } from "../account.ts";
import { ChatKitError, type Conversation, type Message } from "../api.ts";
import { calling } from "../calling.ts";
import type { ConversationsApi } from "../chatkit.ts";
import type { SettingsChange } from "./settings-change.ts";

/** Conversations as hosts use them. */
export class ConversationCalls implements ConversationsApi {
  readonly #current: () => Account | undefined;
  readonly #open: () => Account;

  /**
   * @param current the account, if one is open
   * @param open throws ChatKitError not-open where none is
   */
  constructor(current: () => Account | undefined, open: () => Account) {
    this.#current = current;
    this.#open = open;
  }

  list(): readonly Conversation[] {
    const account = this.#current();
    if (account === undefined) return [];
    return account.book
      .list()
      .flatMap(({ record }) => account.conversation(record.conversationId) ?? []);
  }

  get(conversationId: ConversationId): Conversation | undefined {
    return this.#current()?.conversation(conversationId);
  }

  withPeer(userId: UserId): Promise<Conversation> {
    return calling(async () => {
      const account = this.#open();
      if (account.roster.isBuddy(userId)) account.prepared.want(userId);
      const known = account.conversation(account.book.idWith(userId));
      if (known !== undefined) return known;
      if (!account.roster.isBuddy(userId)) {
        throw new ChatKitError("not-buddies", "Conversations are with buddies only.");
      }
      const conversation = account.book.ensure(userId);
      await account.commit([{ type: "put-conversation", conversation }]);
      const made = account.conversation(conversation.conversationId);
      if (made === undefined) throw new ChatKitError("internal", "The conversation was not made.");
      return made;
    });
  }

  markRead(conversationId: ConversationId): Promise<void> {
    return calling(async () => {
      const account = this.#open();
      if (account.book.get(conversationId) === undefined) throw noSuchConversation();
      await account.delivery.markRead(conversationId);
    });
  }

  markUnread(from: MessageId): Promise<void> {
    return calling(async () => {
      await this.#open().delivery.markUnread(from);
    });
  }

  configure(conversationId: ConversationId, change: SettingsChange): Promise<void> {
    return calling(async () => {
      const account = this.#open();
      const write = account.book.configure(conversationId, change);
      if (write === undefined) throw noSuchConversation();
      account.conversationChanged(conversationId);
      await account.commit([write]);
    });
  }

  pins(conversationId: ConversationId): Promise<readonly Message[]> {
    return calling(async () => {
      const { delivery } = this.#open();
      const found = await Promise.all(delivery.pins(conversationId).map((id) => delivery.find(id)));
      // What was deleted here since is pinned nowhere.
      return found.flatMap((message) => (message?.pin?.pinned === true ? toMessage(message) : []));
    });
  }
}

function noSuchConversation(): ChatKitError {
  return new ChatKitError("no-such-conversation", "There is no such conversation.");
}
