import {
  ProtocolError,
  type ConversationId,
  type DeviceId,
  type Params,
  type Result,
  type UserId,
} from "../../protocol/index.ts";
import { encodeBase64, type OwnKeyPackage } from "../../crypto/index.ts";
import type { ServerConnection } from "../connection/server-connection.ts";
import { foreignBytes } from "./foreign-bytes.ts";
import type { PendingStep } from "./group-records.ts";

export type GroupView = Result<"group.get">;
type GroupSummaries = Result<"group.list">["groups"];

/** The server as delivery service (RFC 9750 §5). All methods throw as `ServerConnection.request`. */
export class GroupService {
  readonly #connection: ServerConnection;

  constructor(connection: ServerConnection) {
    this.#connection = connection;
  }

  get isReachable(): boolean {
    return this.#connection.state.state === "online";
  }

  /** @param have the epoch from which on commits are wanted @returns undefined where there is no group */
  async get(conversationId: ConversationId, have?: number): Promise<GroupView | undefined> {
    try {
      return await this.#connection.request("group.get", {
        conversationId,
        ...(have === undefined ? {} : { have }),
      });
    } catch (error) {
      if (error instanceof ProtocolError && error.errorName === "no-such-group") return undefined;
      throw error;
    }
  }

  /** Offers a step; the server takes the first of an epoch. */
  async offer(conversationId: ConversationId, step: PendingStep): Promise<void> {
    const { kind, peer, epoch, commit, groupInfo, welcome } = step;
    const rest = {
      conversationId,
      epoch,
      groupInfo,
      ...(welcome === undefined ? {} : { welcome }),
    };
    if (kind === "create") {
      await this.#connection.request("group.create", { ...rest, ...withPeer(peer) });
    } else {
      await this.#connection.request("group.commit", { ...rest, commit });
    }
  }

  /** Gives a group back that the server has lost, as it is. */
  async giveBack(
    conversationId: ConversationId,
    group: {
      readonly peer: UserId | undefined;
      readonly epoch: number;
      readonly groupInfo: Uint8Array;
    },
  ): Promise<void> {
    const { peer, epoch } = group;
    const groupInfo = encodeBase64(group.groupInfo);
    const step = { conversationId, epoch, groupInfo, ...withPeer(peer) };
    await this.#connection.request("group.create", step);
  }

  /** A key package of each of those devices, as far as there are any. */
  async takeKeyPackages(devices: readonly DeviceId[]): Promise<ReadonlyMap<DeviceId, Uint8Array>> {
    const { packages } = await this.#connection.request("keyPackages.take", {
      devices: [...devices],
    });
    return new Map(
      packages.map(({ deviceId, keyPackage }) => [deviceId, foreignBytes(keyPackage)]),
    );
  }

  /** @returns how many single-use ones of this device the server keeps */
  async publish(packages: readonly OwnKeyPackage[]): Promise<number> {
    const params: Params<"keyPackages.publish"> = {
      packages: packages
        .filter(({ lastResort }) => !lastResort)
        .map(({ keyPackage }) => encodeBase64(keyPackage)),
    };
    const lastResort = packages.find((one) => one.lastResort);
    const { kept } = await this.#connection.request("keyPackages.publish", {
      ...params,
      ...(lastResort === undefined ? {} : { lastResort: encodeBase64(lastResort.keyPackage) }),
    });
    return kept;
  }

  /** The groups of the account's conversations, a page at a time. */
  async *list(): AsyncGenerator<GroupSummaries[number]> {
    let after: ConversationId | undefined;
    for (;;) {
      const { groups, more } = await this.#connection.request(
        "group.list",
        after === undefined ? {} : { after },
      );
      yield* groups;
      const last = groups.at(-1)?.conversationId;
      // A page that does not lead on is the last, whatever the server says.
      if (!more || last === undefined || last === after) return;
      after = last;
    }
  }
}

function withPeer(peer: UserId | undefined): { readonly peer?: UserId } {
  return peer === undefined ? {} : { peer };
}
