import { vi } from "vitest";
import type { ConversationId, DeviceId, MessageId, UserId } from "../../protocol/index.ts";
import type { MlsSuite } from "../../crypto/index.ts";
import type { LinkPeer } from "../link.ts";
import { FakeClock } from "./fake-clock.ts";
import { GroupDevice } from "./group-device.ts";
import { SimulatedGroups, type GroupsState } from "./simulated-groups.ts";

/** What may become of one step of one device. */
export type Fate = "lost" | "answer-lost" | "crash-before" | "crash-after";

/** A message or a receipt on its way to one device; it waits there until the device has taken it. */
export interface Letter {
  readonly from: LinkPeer;
  readonly to: DeviceId;
  readonly conversationId: ConversationId;
  readonly peer: UserId;
  readonly id: MessageId;
  readonly sequence: number;
  readonly content:
    | { readonly kind: "message"; readonly sealed: Uint8Array }
    | { readonly kind: "delivered" }
    | { readonly kind: "unreadable" };
}

/** What outlives a run: where another one can begin. */
export interface WorldState {
  readonly server: GroupsState;
  readonly stores: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

/**
 * Devices with real groups on stores that survive crashes, a delivery service, and a post that loses
 * nothing unless told to. Each device sends again until everybody has answered, as delivery does.
 */
export class GroupWorld {
  readonly clock = new FakeClock();
  readonly server = new SimulatedGroups();
  readonly devices: GroupDevice[] = [];
  /** The verified device lists. */
  readonly lists = new Map<UserId, GroupDevice[]>();
  /** Called when a device asks for an account's list. */
  onRefresh: (name: string, userId: UserId) => void = () => {};
  readonly mail = new Map<DeviceId, Letter[]>();
  /** What becomes of letters on their way. */
  post: (letter: Letter) => readonly Letter[] = (letter) => [letter];
  /** What becomes of a step; steps are named by device, what it does, and how often it did. */
  fate: (step: string) => Fate | undefined = () => undefined;
  readonly suite: MlsSuite;

  constructor(suite: MlsSuite = "classic") {
    this.suite = suite;
    // The MLS library looks at the machine's own clock where it takes a key package.
    this.clock.jump(Date.now() - this.clock.now());
  }

  /** @param peer with whom its conversation is */
  async add(name: string, userId: UserId, peer: UserId, from?: WorldState): Promise<GroupDevice> {
    const device = new GroupDevice(this, name, { userId, peer }, this.devices.length + 1);
    this.devices.push(device);
    this.lists.set(userId, [...(this.lists.get(userId) ?? []), device]);
    await device.setStore(from?.stores.get(name) ?? new Map());
    return device;
  }

  /** Lets time pass, for the engine and for WebCrypto, until the condition holds. */
  async until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
    await vi
      .waitUntil(
        async () => {
          await this.clock.advance(25);
          return await condition();
        },
        { timeout: 10_000, interval: 1 },
      )
      .catch((error: unknown) => {
        throw new Error(`never: ${what}\n${this.report()}`, { cause: error });
      });
  }

  /** Until nothing happens any more by itself. */
  async idle(): Promise<void> {
    let quiet = 0;
    await this.until("nothing to do", () => {
      quiet = this.devices.every(({ isDown, isIdle }) => isDown || isIdle) ? quiet + 1 : 0;
      return quiet > 5;
    });
  }

  async snapshot(): Promise<WorldState> {
    const stores = new Map<string, ReadonlyMap<string, string>>();
    for (const device of this.devices) stores.set(device.name, await device.values());
    return { server: this.server.snapshot(), stores };
  }

  send(letter: Letter): void {
    for (const one of this.post(letter)) {
      this.mail.set(one.to, [...(this.mail.get(one.to) ?? []), one]);
    }
  }

  take(letter: Letter): void {
    const waiting = this.mail.get(letter.to) ?? [];
    this.mail.set(
      letter.to,
      waiting.filter((one) => one !== letter),
    );
  }

  report(): string {
    return this.devices
      .flatMap(({ name, log }) =>
        log.entries.slice(-12).map((entry) => {
          const { error, ...fields } = entry.fields ?? {};
          const why = error instanceof Error ? `${error.name}: ${error.message}` : "";
          return `${name}: ${entry.message} ${JSON.stringify(fields)} ${why}`;
        }),
      )
      .join("\n");
  }

  async close(): Promise<void> {
    for (const device of this.devices) await device.crash(undefined);
  }
}
