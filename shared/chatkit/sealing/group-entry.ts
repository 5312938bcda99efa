import {
  encodeBase64,
  MlsError,
  MlsGroup,
  readGroupInfo,
  welcomeReferences,
  type GroupInfoClaims,
  type MlsSuite,
} from "../../crypto/index.ts";
import { directConversationId } from "../conversations/conversation-id.ts";
import { MAX_ADDED_AT_ONCE } from "../limits.ts";
import type { LinkPeer } from "../link.ts";
import { idBytes } from "../trust/device-id.ts";
import type { ConversationGroup } from "./conversation-group.ts";
import { foreignBytes } from "./foreign-bytes.ts";
import type { GroupContext } from "./group-context.ts";
import { presentGroup } from "./group-memory.ts";
import type { GroupView } from "./group-service.ts";
import { takeMemberPackages } from "./member-packages.ts";
import { memberDevices } from "./membership.ts";
import { UpkeepError } from "./upkeep-error.ts";

/** How this device comes into a conversation's group: by making it, by Welcome, from outside. */
export class GroupEntry {
  readonly #group: ConversationGroup;
  readonly #context: GroupContext;

  constructor(group: ConversationGroup, context: GroupContext) {
    this.#group = group;
    this.#context = context;
  }

  /** Proposes a group with all recipients in it, or the first of very many. */
  async create(recipients: readonly LinkPeer[]): Promise<void> {
    const context = this.#context;
    const { memory } = this.#group;
    const first = this.#group.notLeftOut(recipients).slice(0, MAX_ADDED_AT_ONCE);
    const taken = await takeMemberPackages(first, context);
    const suite = suiteFor(
      context.suite,
      taken.map((one) => one.suite),
    );
    const added = taken.filter((one) => one.suite === suite);
    this.#group.leaveOutBut(first, added);
    this.#checkKnown();
    const { identity } = context.self();
    await memory.exclusively(async ({ kind }) => {
      if (kind !== "none") return;
      const groupId = idBytes(memory.conversationId);
      const alone = await MlsGroup.create({ identity, policy: memory.policy, groupId, suite });
      if (added.length === 0) {
        const groupInfo = await alone.groupInfo();
        const pending = { commit: new Uint8Array(0), groupInfo, next: alone };
        memory.propose({ kind: "create", epoch: alone.epoch }, pending);
        return;
      }
      const add = added.map(({ keyPackage }) => keyPackage);
      const pending = await this.#group.adding(first, () => alone.commit({ add, remove: [] }));
      memory.propose(
        {
          kind: "create",
          epoch: pending.next.epoch,
          ...welcomeFor(
            pending.welcome,
            added.map(({ device }) => device),
          ),
        },
        pending,
      );
    });
  }

  /**
   * By a Welcome for this device, if there is a new one that its key packages open.
   * @returns whether this device is now in the group, at the Welcome's epoch
   */
  async joinByWelcome(view: GroupView): Promise<boolean> {
    const { memory } = this.#group;
    const { packages, log, self } = this.#context;
    if (view.welcome === undefined) return false;
    const { epoch } = view.welcome;
    const welcome = foreignBytes(view.welcome.welcome);
    const references = welcomeReferences(welcome)?.references ?? [];
    const keyPackage = (await packages.all()).find(({ reference }) =>
      references.some((one) => encodeBase64(one) === encodeBase64(reference)),
    );
    if (keyPackage === undefined) return false;
    await this.#learnWhose(view);
    this.#checkKnown();
    const { identity } = self();
    return await memory.exclusively(async (state) => {
      const present = presentGroup(state);
      if (state.kind === "pending" || (present !== undefined && present.mls.epoch >= epoch)) {
        return false;
      }
      const { policy } = memory;
      try {
        const mls = await policy.joining(() =>
          MlsGroup.join({ identity, policy, welcome, keyPackage }),
        );
        if (encodeBase64(mls.groupId) !== encodeBase64(idBytes(memory.conversationId))) {
          return false;
        }
        memory.join(mls);
        packages.used(keyPackage);
        return true;
      } catch (error) {
        if (!(error instanceof MlsError)) throw error;
        log.info("a Welcome did not open", { reason: error.reason });
        return false;
      }
    });
  }

  /** Proposes an external commit (RFC 9420 §12.4.3.2). */
  async joinExternally(view: GroupView): Promise<void> {
    const { memory } = this.#group;
    await this.#learnWhose(view);
    this.#checkKnown();
    const { epoch } = await groupInfoClaims(view, this.#group, this.#context);
    const groupInfo = foreignBytes(view.groupInfo ?? "");
    const { identity } = this.#context.self();
    await memory.exclusively(async () => {
      const { policy } = memory;
      try {
        const joined = await policy.joining(() =>
          MlsGroup.joinExternal({ identity, policy, groupInfo }),
        );
        memory.propose({ kind: "join", epoch }, { ...joined, next: joined.group });
      } catch (error) {
        if (!(error instanceof MlsError)) throw error;
        throw untrusted(this.#context, "a conversation's group that cannot be joined", error);
      }
    });
  }

  /**
   * Whose conversation that is which only the server has named: that of two people must follow from both
   * ids, and a group has its log.
   */
  async #learnWhose(view: GroupView): Promise<void> {
    const { memory } = this.#group;
    if (memory.accounts !== undefined) return;
    const own = this.#context.self().userId;
    const { members } = await groupInfoClaims(view, this.#group, this.#context);
    const peer = memberDevices(members).find(
      ({ userId }) => directConversationId(own, userId) === memory.conversationId,
    );
    if (peer !== undefined) {
      memory.learnPeer(peer.userId);
      return;
    }
    const found = await this.#context.groups.look(memory.conversationId);
    // Whose it is may be told later: that is no reason to warn of the server.
    if (found === "unreached") throw new UpkeepError("refused", "The group's log was not read.");
    if (found === "none") {
      throw untrusted(this.#context, "a group of a conversation that is not ours");
    }
  }

  /** @throws UpkeepError refused */
  #checkKnown(): void {
    const { accounts, isOver } = this.#group.memory;
    if (accounts === undefined || isOver) {
      throw new UpkeepError("refused", "It is not known with whom this is.");
    }
  }
}

/** What the server's GroupInfo says. @throws UpkeepError refused */
export async function groupInfoClaims(
  view: GroupView,
  group: ConversationGroup,
  context: GroupContext,
): Promise<GroupInfoClaims> {
  const claims =
    view.groupInfo === undefined ? undefined : await readGroupInfo(foreignBytes(view.groupInfo));
  const id = encodeBase64(idBytes(group.memory.conversationId));
  if (claims === undefined || encodeBase64(claims.groupId) !== id || claims.epoch !== view.epoch) {
    throw untrusted(context, "no sound state of a conversation's group");
  }
  return claims;
}

function untrusted(context: GroupContext, what: string, cause?: unknown): UpkeepError {
  const detail = `The server showed ${what}; it was not believed.`;
  context.notice({ kind: "server-untrusted", detail });
  return new UpkeepError("refused", detail, { cause });
}

/** The classic suite only where this device and all the others ask for it. */
function suiteFor(own: MlsSuite, others: readonly MlsSuite[]): MlsSuite {
  return own === "classic" && others.every((suite) => suite === "classic") ? "classic" : "hybrid";
}

/** The `welcome` member of a step. */
export function welcomeFor(
  welcome: Uint8Array | undefined,
  added: readonly LinkPeer[],
): { readonly welcome?: { readonly devices: LinkPeer["deviceId"][]; readonly welcome: string } } {
  if (welcome === undefined) return {};
  return {
    welcome: { devices: added.map(({ deviceId }) => deviceId), welcome: encodeBase64(welcome) },
  };
}
