import { createNodePorts } from "../../app/cli/ports/node-ports.ts";
import { ChatKit } from "../../shared/chatkit/chatkit.ts";
import type { Clock, Lan } from "../../shared/chatkit/ports.ts";
import type {
  ChatKitEvents,
  Conversation,
  DeliveryState,
  LinkStatus,
  Message,
  Notice,
  Transfer,
} from "../../shared/chatkit/chatkit.ts";
import {
  canonicalUserName,
  type MessageId,
  type RosterEntry,
  type UserId,
} from "../../shared/protocol/index.ts";
import { CuttablePeers } from "../cuttable-peers.ts";
import { RecordedPeers } from "./recorded-peers.ts";
import { Waiters } from "./waiters.ts";

const PASSWORD = "correct horse battery";

interface DeviceOptions {
  readonly server: string;
  readonly dataFolder: string;
  readonly userName: string;
  /** How far this machine's wall clock is ahead, ms. */
  readonly clockAheadMs?: number;
  /** Its local network; on none unless given. */
  readonly lan?: Lan;
  /** False: it has no WebRTC. */
  readonly webRtc?: boolean;
}

/** The engine with its real ports in this process: sockets, WebRTC and SQLite. */
export class EngineDevice implements AsyncDisposable {
  readonly kit: ChatKit;
  readonly userName: string;
  readonly peers: CuttablePeers;
  /** What its WebRTC is asked and says. */
  readonly recorded: RecordedPeers;
  /** What was told by `message`, own ones included. */
  readonly told: Message[] = [];
  readonly notices: Notice[] = [];
  /** What was told last of each file. */
  readonly transfers = new Map<MessageId, Transfer>();
  readonly #deliveries = new Map<MessageId, DeliveryState>();
  readonly #waiters: Waiters;

  constructor({
    server,
    dataFolder,
    userName,
    clockAheadMs = 0,
    webRtc = true,
    lan,
  }: DeviceOptions) {
    const { peers, ...ports } = createNodePorts({ dataFolder });
    if (peers === undefined) throw new Error("no WebRTC here");
    this.userName = userName;
    this.#waiters = new Waiters(userName);
    this.recorded = new RecordedPeers(peers);
    this.peers = new CuttablePeers(this.recorded);
    this.kit = new ChatKit({
      server,
      host: { client: { name: "beeline-e2e", version: "0.1.0" }, deviceName: "test" },
      ports: {
        ...ports,
        ...(webRtc ? { peers: this.peers } : {}),
        clock: aheadBy(ports.clock, clockAheadMs),
        ...(lan === undefined ? {} : { lan }),
      },
    });
    this.kit.on("message", (message) => this.told.push(message));
    this.kit.on("messageChanged", ({ id, delivery }) => this.#deliveries.set(id, delivery));
    this.kit.on("notice", (notice) => this.notices.push(notice));
    this.kit.on("transfer", (transfer) => this.transfers.set(transfer.messageId, transfer));
    for (const event of watched) {
      this.kit.on(event, () => {
        // After all other handlers of the event.
        queueMicrotask(() => {
          this.#waiters.look();
        });
      });
    }
  }

  async register(): Promise<this> {
    await this.kit.register({ userName: this.userName, password: PASSWORD });
    return this;
  }

  async signIn(): Promise<this> {
    await this.kit.signIn({ userName: this.userName, password: PASSWORD });
    return this;
  }

  /** Takes the saved session up and waits until the server is reached. */
  async restore(): Promise<this> {
    if (!(await this.kit.restore(this.userName))) throw new Error("no session is saved");
    await this.until("online", () => this.kit.connection.state === "online");
    return this;
  }

  entry(userName: string): RosterEntry | undefined {
    const wanted = canonicalUserName(userName);
    return this.kit.roster
      .entries()
      .find(({ profile }) => canonicalUserName(profile.userName) === wanted);
  }

  userId(userName: string): UserId {
    const entry = this.entry(userName);
    if (entry === undefined) throw new Error(`${userName} is not on the roster`);
    return entry.profile.userId;
  }

  with(userName: string): Promise<Conversation> {
    return this.kit.conversations.withPeer(this.userId(userName));
  }

  async send(to: string, text: string): Promise<Message> {
    return this.kit.send((await this.with(to)).conversationId, text);
  }

  /** Texts of the others, in the order they were told. */
  get received(): string[] {
    return this.told.filter(({ own }) => !own).map(textOf);
  }

  /** What was told last of an own message's delivery. */
  deliveryOf(id: MessageId): DeliveryState | undefined {
    return this.#deliveries.get(id);
  }

  async history(userName: string): Promise<string[]> {
    const { conversationId } = await this.with(userName);
    return (await this.kit.history(conversationId, { limit: 1000 })).map(textOf);
  }

  /** One's own messages to that person, as the history has them. */
  async sent(userName: string): Promise<readonly Message[]> {
    const { conversationId } = await this.with(userName);
    const messages = await this.kit.history(conversationId, { limit: 1000 });
    return messages.filter(({ own }) => own);
  }

  link(userName: string): LinkStatus | undefined {
    const userId = this.entry(userName)?.profile.userId;
    const links = this.kit.links().filter((link) => link.userId === userId);
    return links.find(({ direct }) => direct === "open") ?? links[0];
  }

  directOpen(userName: string): Promise<void> {
    return this.until(`direct link to ${userName}`, () => this.link(userName)?.direct === "open");
  }

  /** Looks again at every event. @throws Error after `timeoutMs`, naming `what` */
  async until(what: string, holds: () => boolean, timeoutMs = 15_000): Promise<void> {
    await this.#waiters.until(what, holds, timeoutMs);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kit.close();
  }
}

const watched: readonly (keyof ChatKitEvents)[] = [
  "connection",
  "conversation",
  "devices",
  "link",
  "message",
  "messageChanged",
  "notice",
  "roster",
  "rosterRemoved",
  "route",
  "safety",
  "self",
  "transfer",
];

export function textOf({ body }: Message): string {
  return "text" in body && typeof body.text === "string" ? body.text : body.type;
}

/** Both are on each other's roster, and each knows that the other is there. */
export async function befriend(a: EngineDevice, b: EngineDevice): Promise<void> {
  await a.kit.roster.add(b.userName);
  await b.until("the request", () => b.entry(a.userName)?.state === "pending");
  await b.kit.roster.accept(b.userId(a.userName));
  for (const [one, other] of [
    [a, b],
    [b, a],
  ] as const) {
    await one.until("the buddy", () => one.entry(other.userName)?.presence.show === "online");
  }
}

function aheadBy(clock: Clock, ms: number): Clock {
  return {
    now: () => clock.now() + ms,
    monotonic: () => clock.monotonic(),
    setTimer: (callback, after) => clock.setTimer(callback, after),
  };
}
