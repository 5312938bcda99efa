import {
  ProtocolError,
  type ConversationId,
  type GroupLinkProof,
  type MembershipView,
} from "../../protocol/index.ts";
import type { ServerConnection } from "../connection/server-connection.ts";
import { MAX_GROUPS_TOLD, MAX_MEMBERSHIP_PAGES } from "../limits.ts";

/** A log from some statement on, as the server tells it. */
export interface ToldLog {
  /** Base64. */
  readonly statements: readonly string[];
  /** Of the whole log. */
  readonly length: number;
  /** Base64 of what its newest `about` names. */
  readonly about?: string;
}

/** Membership logs at the server. All methods throw as `ServerConnection.request`. */
export class LogService {
  readonly connection: ServerConnection;

  constructor(connection: ServerConnection) {
    this.connection = connection;
  }

  get isReachable(): boolean {
    return this.connection.state.state === "online";
  }

  /** @returns undefined where there is no such group for this account */
  async read(conversationId: ConversationId, after: number): Promise<ToldLog | undefined> {
    try {
      return await pages(after, (from) =>
        this.connection.request("conversation.log", { conversationId, after: from }),
      );
    } catch (error) {
      const isNone = error instanceof ProtocolError && error.errorName === "no-such-conversation";
      if (isNone) return undefined;
      throw error;
    }
  }

  /** The whole log of a group to which one has a link. */
  linked(conversationId: ConversationId, link: GroupLinkProof): Promise<ToldLog> {
    return pages(0, (after) =>
      this.connection.request("conversation.linked", { conversationId, after, link }),
    );
  }

  /** The groups in which this account is, with the lengths of their logs. */
  async list(): Promise<ReadonlyMap<ConversationId, number>> {
    const all = new Map<ConversationId, number>();
    let after: ConversationId | undefined;
    for (;;) {
      const { conversations, more } = await this.connection.request(
        "conversation.list",
        after === undefined ? {} : { after },
      );
      const before = all.size;
      for (const { conversationId, length } of conversations) all.set(conversationId, length);
      after = conversations.at(-1)?.conversationId;
      // A page with nothing new is the last, whatever the server says.
      if (!more || all.size === before || all.size >= MAX_GROUPS_TOLD) return all;
    }
  }
}

async function pages(
  after: number,
  ask: (after: number) => Promise<MembershipView>,
): Promise<ToldLog> {
  const statements: string[] = [];
  for (let page = 0; ; page++) {
    const view = await ask(after + statements.length);
    statements.push(...view.statements);
    const isWhole = after + statements.length >= view.length;
    // A page that does not lead on is the last, whatever the server says.
    if (isWhole || view.statements.length === 0 || page >= MAX_MEMBERSHIP_PAGES) {
      const { about, length } = view;
      return { statements, length, ...(about === undefined ? {} : { about }) };
    }
  }
}
