import { limits, ProtocolError, type DeviceId } from "../../shared/protocol/index.ts";
import type { Connection } from "../connection/connection.ts";
import type { Member } from "../connection/member.ts";
import type { RelayBudget } from "./relay-budgets.ts";

/**
 * A closed channel's number keeps for so long: frames that were on their way are no offence, and
 * the number does not mean somebody else meanwhile.
 */
const LINGER_MS = 30_000;

/** One end of a relay channel. The two ends have numbers of their own. */
export class RelayEnd {
  readonly member: Member;
  readonly number: number;
  peer: RelayEnd | undefined;
  /** This end's client was told to hold its frames back. */
  paused = false;
  closedAt: number | undefined;

  constructor(member: Member, number: number) {
    this.member = member;
    this.number = number;
  }
}

/** The relay's side of one connection: its channels, and who waits for it to read. */
export class RelayChannels {
  readonly #ends = new Map<number, RelayEnd>();
  readonly #byDevice = new Map<DeviceId, RelayEnd>();
  #next = 1;

  /** More waits for this client than it should; set until it has read. */
  congested = false;
  /** Frames forwarded to it nevertheless. */
  overdraft = 0;
  /** Senders that are not read from until it has read. */
  readonly stopped = new Set<Connection>();
  /** What its account may still send. */
  readonly budget: RelayBudget;
  /** It is not read from until its account has earned what it owes. */
  overspent = false;

  constructor(budget: RelayBudget) {
    this.budget = budget;
  }

  /** Also one that is closed and lingers. */
  get(number: number): RelayEnd | undefined {
    return this.#ends.get(number);
  }

  to(deviceId: DeviceId): RelayEnd | undefined {
    return this.#byDevice.get(deviceId);
  }

  open(): Iterable<RelayEnd> {
    return this.#byDevice.values();
  }

  get openCount(): number {
    return this.#byDevice.size;
  }

  /** A new end of `member` for the device. @throws ProtocolError too-many-channels */
  add(member: Member, deviceId: DeviceId): RelayEnd {
    this.check();
    while (this.#ends.has(this.#next)) this.#advance();
    const end = new RelayEnd(member, this.#next);
    this.#advance();
    this.#ends.set(end.number, end);
    this.#byDevice.set(deviceId, end);
    return end;
  }

  /** @throws ProtocolError too-many-channels */
  check(): void {
    if (this.#byDevice.size >= limits.MAX_RELAY_CHANNELS || this.#ends.size >= 0xffff) {
      throw new ProtocolError("too-many-channels", "Too many relay channels are open.");
    }
  }

  close(end: RelayEnd, now: number): void {
    end.closedAt = now;
    const deviceId = end.peer?.member.deviceId;
    if (deviceId !== undefined) this.#byDevice.delete(deviceId);
  }

  /** Forgets the numbers of channels that were closed long ago. */
  sweep(now: number): void {
    if (this.#ends.size === this.#byDevice.size) return;
    for (const [number, end] of this.#ends) {
      if (end.closedAt !== undefined && now - end.closedAt >= LINGER_MS) this.#ends.delete(number);
    }
  }

  #advance(): void {
    this.#next = this.#next === 0xffff ? 1 : this.#next + 1;
  }
}
