import { hash, randomBytes } from "node:crypto";
import * as v from "valibot";
import {
  emptyMembership,
  extendMembership,
  groupConversationBytes,
  groupLinkProof,
  membershipStatement,
  type IdentityKeys,
  type Membership,
  type MembershipChange,
} from "../../shared/crypto/index.ts";
import { ConversationId, encodeId } from "../../shared/protocol/index.ts";
import { base64, bytesOf } from "../services/base64.ts";
import { idBytes } from "../services/id-bytes.ts";
import type { TestClient } from "./test-client.ts";

const SETTINGS = { announcements: false, membersInvite: false };

/** A group as its members' devices know it: what a test has read of its log. */
export class TestGroup {
  readonly conversationId: ConversationId;
  membership: Membership;
  readonly #nonce: Uint8Array;

  /** Not founded yet. */
  constructor(founder: TestClient, nonce: Uint8Array = randomBytes(16)) {
    const bytes = groupConversationBytes(idBytes(founder.userId), nonce);
    this.#nonce = nonce;
    this.conversationId = v.parse(ConversationId, encodeId(bytes));
    this.membership = emptyMembership(bytes);
  }

  static async found(
    founder: TestClient,
    members: readonly TestClient[],
    settings = SETTINGS,
  ): Promise<TestGroup> {
    const group = new TestGroup(founder);
    const { conversationId } = group;
    const statement = group.founding(founder, members, settings);
    await founder.request("conversation.found", { conversationId, statement });
    group.believe(statement);
    return group;
  }

  founding(
    founder: TestClient,
    members: readonly TestClient[],
    settings = SETTINGS,
    keys: IdentityKeys = founder.keys,
  ): string {
    const ids = members.map(({ userId }) => idBytes(userId));
    const change = { type: "found", nonce: this.#nonce, settings, members: ids } as const;
    return this.statement(founder, change, keys);
  }

  /** The next statement, base64, by whoever says it. */
  statement(by: TestClient, change: MembershipChange, keys: IdentityKeys = by.keys): string {
    return base64(membershipStatement(this.membership, keys, idBytes(by.userId), change, 1000));
  }

  /** Makes the change, which must be taken. @param about sealed name, where the change is one */
  async change(by: TestClient, change: MembershipChange, about?: string): Promise<void> {
    const statement = this.statement(by, change);
    await by.request("conversation.append", {
      conversationId: this.conversationId,
      statement,
      ...(about === undefined ? {} : { about }),
    });
    this.believe(statement);
  }

  /** Tries it, and stays as it is. @returns the error's name, or "granted" */
  attempt(by: TestClient, change: MembershipChange, about?: string): Promise<string> {
    const { conversationId } = this;
    const statement = this.statement(by, change);
    return by.refusal("conversation.append", { conversationId, statement, about });
  }

  /** How the client joins by the link. */
  joining(by: TestClient, link: IdentityKeys): string {
    const proof = groupLinkProof(link, this.membership.conversationId, idBytes(by.userId));
    return this.statement(by, { type: "join", publicKey: link.publicKey, proof });
  }

  believe(statement: string): void {
    this.membership = continued(this.membership, statement);
  }

  /** Reads on in the log as that client. */
  async read(by: TestClient): Promise<Membership> {
    this.membership = await this.#readFrom(by, this.membership);
    return this.membership;
  }

  /** What the log says to that client, read from its start. */
  async readAnew(by: TestClient): Promise<Membership> {
    return this.#readFrom(by, emptyMembership(this.membership.conversationId));
  }

  async #readFrom(by: TestClient, before: Membership): Promise<Membership> {
    const { conversationId } = this;
    let membership = before;
    for (;;) {
      const after = membership.length;
      const page = await by.request("conversation.log", { conversationId, after });
      for (const statement of page.statements) membership = continued(membership, statement);
      if (membership.length >= page.length) return membership;
    }
  }
}

function continued(membership: Membership, statement: string): Membership {
  const next = extendMembership(membership, bytesOf(statement));
  if (next === undefined) throw new Error("the statement does not continue the log");
  return next;
}

/** The ids of people, as a statement names them. */
export function named(...people: readonly TestClient[]): readonly Uint8Array[] {
  return people.map(({ userId }) => idBytes(userId));
}

/** A sealed name, base64, and its hash. */
export function sealedName(text: string): { readonly about: string; readonly hash: Uint8Array } {
  const bytes = Buffer.from(text);
  return { about: base64(bytes), hash: hash("sha256", bytes, "buffer") };
}
