import {
  closeCodes,
  limits,
  ProtocolError,
  type CloseCode,
  type EventParams,
  type Params,
  type UserId,
} from "../../shared/protocol/index.ts";
import type { Bus } from "../bus/bus.ts";
import type { Clock } from "../clock.ts";
import type { Connection } from "../connection/connection.ts";
import { Member } from "../connection/member.ts";
import type { Metrics } from "../metrics.ts";
import { event } from "./event-frames.ts";
import type { Reach } from "./reach.ts";
import { RelayBudgets, type RelayRate } from "./relay-budgets.ts";
import { RelayChannels, type RelayEnd } from "./relay-channels.ts";

type CloseReason = EventParams<"relay.closed">["reason"];

/**
 * Frames that a congested receiver may still get before its senders are not read from any more:
 * tiny ones cost more memory than their bytes tell.
 */
export const MAX_OVERDRAFT_FRAMES = 8192;

/**
 * What a frame counts beside its bytes. A core forwards some 150,000 frames a second whatever their
 * size: by the default rate the smallest ones of one account take a fifth of it at most.
 */
export const FRAME_COST_BYTES = 512;

export interface RelayServiceOptions {
  readonly reach: Reach;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly metrics: Metrics;
  /** Of one account. */
  readonly rate: RelayRate;
}

/**
 * Forwards binary frames between devices that may reach each other. A receiver that reads slowly
 * slows its senders, first by word (`relay.flow`), then by force; it never fills the memory.
 */
export class RelayService {
  readonly #options: RelayServiceOptions;
  readonly #budgets: RelayBudgets;
  #frames = 0;
  #bytes = 0;
  #channels = 0;

  constructor(options: RelayServiceOptions) {
    this.#options = options;
    this.#budgets = new RelayBudgets(options.rate);
    options.bus.onRelation(({ a, b, buddies }) => {
      if (!buddies) this.#closeBetween(a, b);
    });
  }

  /** The channel to a device; the one that is open already, whoever opened it. */
  async open(member: Member, { to }: Params<"relay.open">): Promise<{ channel: number }> {
    const existing = member.connection.relay?.to(to);
    if (existing !== undefined) return { channel: existing.number };
    const device = await this.#options.reach.online(member, to);
    // A fleet's bus would have to bring the two devices to one node first.
    if (!(device instanceof Member) || !device.connection.open || !member.connection.open) {
      throw new ProtocolError("peer-offline", "The device is not online.");
    }
    // It may have opened one meanwhile.
    const opened = member.connection.relay?.to(to);
    if (opened !== undefined) return { channel: opened.number };

    const mine = (member.connection.relay ??= this.#newChannels(member.userId));
    const theirs = (device.connection.relay ??= this.#newChannels(device.userId));
    theirs.check();
    const here = mine.add(member, to);
    const there = theirs.add(device, member.deviceId);
    here.peer = there;
    there.peer = here;
    this.#options.metrics.relayChannels(++this.#channels);
    const from = { userId: member.userId, deviceId: member.deviceId };
    device.deliver(event("relay.opened", { channel: there.number, from }));
    return { channel: here.number };
  }

  /** @throws ProtocolError no-such-channel */
  close(member: Member, { channel }: Params<"relay.close">): Record<string, never> {
    const end = member.connection.relay?.get(channel);
    if (end === undefined) {
      throw new ProtocolError("no-such-channel", "There is no such channel.");
    }
    this.#close(end, undefined, "closed");
    return {};
  }

  /** A binary frame of a client's: the hot path. The bytes are rewritten in place. */
  forward(connection: Connection, frame: Buffer): void {
    const [high, low] = frame;
    if (high === undefined || low === undefined) {
      connection.offend();
      return;
    }
    const channels = connection.relay;
    const end = channels?.get((high << 8) | low);
    if (channels === undefined || end === undefined) {
      connection.offend();
      return;
    }
    // Closed a moment ago: the frame was on its way.
    if (end.closedAt !== undefined || end.peer === undefined) return;
    const { number, member } = end.peer;
    frame[0] = number >>> 8;
    frame[1] = number & 0xff;
    const receiver = member.connection;
    receiver.sendBinary(frame);
    this.#frames++;
    this.#bytes += frame.length;
    channels.budget.left -= frame.length + FRAME_COST_BYTES;
    if (channels.budget.left < 0 && !channels.overspent) {
      channels.overspent = true;
      connection.stop();
    }
    if (receiver.waitingBytes > limits.RELAY_PAUSE_BYTES) this.#hold(end, receiver);
  }

  /** The connection has ended: so do its channels. */
  left(connection: Connection, code: CloseCode | undefined): void {
    const { relay } = connection;
    if (relay === undefined) return;
    this.#release(connection, relay);
    this.#budgets.giveBack(relay.budget);
    const reason = code === closeCodes.unresponsive ? "slow-receiver" : "peer-offline";
    for (const end of relay.open()) this.#close(end, undefined, reason);
  }

  /** What all have earned since the last time, `ms` ago. */
  earn(ms: number): void {
    this.#budgets.earn(ms);
  }

  /** Reads from the connection again if its account owes nothing any more. */
  resume(connection: Connection): void {
    const { relay } = connection;
    if (relay === undefined || !relay.overspent || relay.budget.left < 0) return;
    relay.overspent = false;
    connection.go();
  }

  /** Reports what was forwarded since the last time. */
  report(): void {
    if (this.#frames === 0) return;
    this.#options.metrics.relayed(this.#frames, this.#bytes);
    this.#frames = 0;
    this.#bytes = 0;
  }

  /** The receiver is slow: its sender is told, and if that does not help, not read from. */
  #hold(end: RelayEnd, receiver: Connection): void {
    const { relay } = receiver;
    if (relay === undefined) return;
    if (!relay.congested) {
      relay.congested = true;
      receiver.socket.once("drain", () => this.#release(receiver, relay));
    }
    relay.overdraft++;
    if (!end.paused) {
      end.paused = true;
      end.member.deliver(event("relay.flow", { channel: end.number, paused: true }));
    }
    const sender = end.member.connection;
    if (relay.stopped.has(sender)) return;
    if (receiver.waitingBytes > limits.RELAY_STOP_BYTES || relay.overdraft > MAX_OVERDRAFT_FRAMES) {
      relay.stopped.add(sender);
      sender.stop();
    }
  }

  /** Nothing waits for the receiver any more, or it is gone. */
  #release(receiver: Connection, relay: RelayChannels): void {
    relay.congested = false;
    relay.overdraft = 0;
    for (const sender of relay.stopped) sender.go();
    relay.stopped.clear();
    if (!receiver.open) return;
    for (const { peer } of relay.open()) {
      if (peer?.paused !== true) continue;
      peer.paused = false;
      peer.member.deliver(event("relay.flow", { channel: peer.number, paused: false }));
    }
  }

  #newChannels(userId: UserId): RelayChannels {
    return new RelayChannels(this.#budgets.hold(userId));
  }

  #closeBetween(a: UserId, b: UserId): void {
    for (const device of this.#options.bus.user(a)?.devices ?? []) {
      if (!(device instanceof Member)) continue;
      for (const end of device.connection.relay?.open() ?? []) {
        if (end.peer?.member.userId === b) this.#close(end, "not-permitted", "not-permitted");
      }
    }
  }

  /** Tells the reasons that are given: to this end, and to the other. */
  #close(end: RelayEnd, here: CloseReason | undefined, there: CloseReason): void {
    const other = end.peer;
    if (end.closedAt !== undefined || other === undefined) return;
    const now = this.#options.clock.monotonic();
    end.member.connection.relay?.close(end, now);
    other.member.connection.relay?.close(other, now);
    this.#options.metrics.relayChannels(--this.#channels);
    if (here !== undefined) {
      end.member.deliver(event("relay.closed", { channel: end.number, reason: here }));
    }
    other.member.deliver(event("relay.closed", { channel: other.number, reason: there }));
  }
}
