import { createWsConnector } from "../../app/cli/ports/ws-connector.ts";
import { nodeRandom } from "../../app/cli/ports/node-random.ts";
import { silentLog } from "../../app/cli/ports/silent-log.ts";
import { systemClock } from "../../app/peer/system-clock.ts";
import {
  ChatKit,
  type ChatKitEvents,
  type Group,
  type Message,
  type Notice,
} from "../../shared/chatkit/chatkit.ts";
import { opaquePasswords } from "../../shared/chatkit/connection/opaque-passwords.ts";
import type { Clock, SocketConnector } from "../../shared/chatkit/ports.ts";
import { MemoryFileVault } from "../../shared/chatkit/testing/memory-file-vault.ts";
import { MemoryStores } from "../../shared/chatkit/testing/memory-store.ts";
import type { FakePeers } from "../../shared/chatkit/testing/peer-pair.ts";
import type { ConversationId, MessageId, UserId } from "../../shared/protocol/index.ts";
import { textOf } from "./engine-device.ts";
import { Waiters } from "./waiters.ts";

/** The engine's pauses pass this much faster than they would. */
const HURRY = 10;
/** Real time for any one thing to come about, on a busy machine. */
const PATIENCE_MS = 30_000;
const PASSWORD = "correct horse";
const cheap = opaquePasswords({ memoryKiB: 64, passes: 1, parallelism: 1 });

/** A clock that begins at that time, ms since the epoch. */
export function hurriedClock(startsAt: number): Clock {
  const began = systemClock.monotonic();
  return {
    now: () => Math.trunc(startsAt + systemClock.monotonic() - began),
    monotonic: () => systemClock.monotonic() * HURRY,
    setTimer: (callback, ms) => systemClock.setTimer(callback, ms / HURRY),
  };
}

const watched = [
  "connection",
  "conversation",
  "group",
  "message",
  "messageChanged",
  "notice",
  "roster",
  "transfer",
  "typing",
] as const satisfies readonly (keyof ChatKitEvents)[];

interface GroupDeviceOptions {
  readonly userName: string;
  readonly port: number;
  readonly peers: FakePeers;
  readonly clock: Clock;
  /** Devices of one person have names of their own. */
  readonly deviceName?: string;
  readonly sockets?: SocketConnector;
}

/** A device of somebody in groups: the engine with a real connection, and WebRTC within this process. */
export class GroupDevice implements AsyncDisposable {
  readonly userName: string;
  readonly notices: Notice[] = [];
  /** What was told by `message`, own ones and news included. */
  readonly told: Message[] = [];
  readonly changed: Message[] = [];
  readonly #options: GroupDeviceOptions;
  readonly #stores = new MemoryStores();
  readonly #vault = new MemoryFileVault();
  readonly #waiters: Waiters;
  kit: ChatKit;

  constructor(options: GroupDeviceOptions) {
    this.#options = options;
    this.userName = options.userName;
    this.#waiters = new Waiters(options.userName);
    this.kit = this.#made();
  }

  async register(): Promise<this> {
    await this.kit.register({ userName: this.userName, password: PASSWORD });
    return this;
  }

  async signIn(): Promise<this> {
    await this.kit.signIn({ userName: this.userName, password: PASSWORD });
    return this;
  }

  /** The program ends in good order. */
  close(): Promise<void> {
    return this.kit.close();
  }

  /** And begins again, with what it kept. */
  async restart(): Promise<void> {
    this.kit = this.#made();
    if (!(await this.kit.restore(this.userName))) throw new Error("no session is saved");
    await this.until("online", () => this.kit.connection.state === "online");
  }

  get userId(): UserId {
    const { self } = this.kit;
    if (self === undefined) throw new Error(`${this.userName} is not signed in`);
    return self.profile.userId;
  }

  group(id: ConversationId): Group | undefined {
    return this.kit.groups.get(id);
  }

  /** Who is in the group, as far as this device knows. */
  names(id: ConversationId): readonly string[] {
    return (this.group(id)?.members ?? []).map(({ name }) => name).toSorted();
  }

  /** Texts of others, in the order in which they were told. */
  get received(): readonly string[] {
    return this.told
      .filter(({ body, own }) => !own && body.type !== "membership")
      .map((message) => textOf(message));
  }

  /** Emoji on a message, as it was told last. */
  reactions(id: MessageId): readonly string[] {
    const message = this.changed.findLast((one) => one.id === id);
    return message?.reactions.map(({ emoji }) => emoji) ?? [];
  }

  async history(id: ConversationId): Promise<readonly Message[]> {
    return await this.kit.history(id, { limit: 1000 });
  }

  async befriend(other: GroupDevice): Promise<void> {
    await this.kit.roster.add(other.userName);
    const { userId } = this;
    await other.until("asked", () => other.kit.roster.get(userId) !== undefined);
    await other.kit.roster.accept(userId);
    for (const [one, two] of [
      [this, other],
      [other, this],
    ] as const) {
      await one.until("buddies", () => one.kit.roster.get(two.userId)?.state === "buddies");
    }
  }

  /** Looks again at every event. @throws Error naming `what` */
  async until(what: string, holds: () => boolean): Promise<void> {
    await this.#waiters.until(what, holds, PATIENCE_MS);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #made(): ChatKit {
    const { clock, deviceName, peers, port, sockets, userName } = this.#options;
    const kit = new ChatKit({
      server: `http://127.0.0.1:${port}`,
      host: { client: { name: "test", version: "0" }, deviceName: deviceName ?? userName },
      ports: {
        clock,
        random: nodeRandom,
        sockets: sockets ?? createWsConnector(silentLog),
        peers,
        stores: this.#stores,
        files: { open: () => Promise.resolve(this.#vault) },
        passwords: cheap,
        log: silentLog,
        localAddresses: () => [],
      },
    });
    kit.on("notice", (notice) => this.notices.push(notice));
    kit.on("message", (message) => this.told.push(message));
    kit.on("messageChanged", (message) => this.changed.push(message));
    for (const event of watched) {
      // After all other handlers of the event.
      kit.on(event, () =>
        queueMicrotask(() => {
          this.#waiters.look();
        }),
      );
    }
    return kit;
  }
}
