import {
  encodeEnvelope,
  envelopeConversation,
  errorTable,
  limits,
  MAX_SEALED_BYTES,
  ProtocolError,
  type DeviceId,
  type MailboxItem,
  type MailboxPut,
  type Params,
  type PutOutcome,
} from "../../shared/protocol/index.ts";
import type { Bus } from "../bus/bus.ts";
import type { Clock } from "../clock.ts";
import type { Member } from "../connection/member.ts";
import type { Metrics } from "../metrics.ts";
import type { DepositOutcome, MailboxDeposit, MailboxQuota, MailboxStore } from "../store/store.ts";
import { bytesOf } from "./base64.ts";
import { event } from "./event-frames.ts";
import { noSuchConversation } from "./membership-service.ts";
import type { Memberships } from "./memberships.ts";
import type { Reach } from "./reach.ts";

/**
 * Envelopes that one post makes before they are kept: all of an ordinary message for a large group, and
 * no more of the longest than `mailbox.put` brings at once.
 */
const POST_STEP_BYTES = 4 * 1024 * 1024;

const stored: PutOutcome = { outcome: "stored" };

export interface MailboxServiceOptions {
  readonly mailbox: MailboxStore;
  readonly memberships: Memberships;
  readonly reach: Reach;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly quota: MailboxQuota;
  readonly maxAgeMs: number;
}

/** Keeps sealed envelopes for devices until those acknowledge them. */
export class MailboxService {
  readonly #options: MailboxServiceOptions;
  /** Arrivals of this turn of the event loop, to be told in one event per device. */
  #arrived = new Map<DeviceId, number>();

  constructor(options: MailboxServiceOptions) {
    this.#options = options;
  }

  /** Each envelope has its own outcome: one that cannot be kept is no reason to lose the others. */
  async put(
    member: Member,
    { envelopes }: Params<"mailbox.put">,
  ): Promise<{ outcomes: PutOutcome[] }> {
    const { reach, clock } = this.#options;
    const outcomes: PutOutcome[] = envelopes.map(() => stored);
    const deposits: MailboxDeposit[] = [];
    const places: number[] = [];
    const from = { userId: member.userId, deviceId: member.deviceId };
    const storedAt = clock.now();
    for (const [place, put] of envelopes.entries()) {
      // Mostly known at once: the puts of one turn then reach the store together.
      const envelope = Buffer.from(put.envelope, "base64");
      const standing =
        reach.known(member, put.to) ?? (await this.#standing(member, put.to, envelope));
      if (standing === "none") outcomes[place] = refused("no-such-device");
      else if (envelope.length > limits.MAX_ENVELOPE_BYTES) outcomes[place] = refused("too-large");
      // Whoever was blocked must not notice; the envelope is not kept.
      else if (standing !== "concealed") {
        deposits.push(deposit(put, from, storedAt, envelope));
        places.push(place);
      }
    }
    await this.#keep(deposits, places, outcomes);
    return { outcomes };
  }

  /** @throws ProtocolError no-such-conversation, invalid-params */
  async post(member: Member, post: Params<"mailbox.post">): Promise<{ outcomes: PutOutcome[] }> {
    const { memberships, reach, clock } = this.#options;
    const { id, conversationId, sequence, to } = post;
    if (to.some(({ after }) => after >= sequence)) {
      throw new ProtocolError("invalid-params", "The sequence is not after the last.");
    }
    const users = await memberships.usersFor(member.userId, conversationId);
    if (users === undefined) throw noSuchConversation();
    const sealed = bytesOf(post.sealed);
    const outcomes: PutOutcome[] = to.map(() => stored);
    const deposits: MailboxDeposit[] = [];
    const places: number[] = [];
    let bytes = 0;
    const from = { userId: member.userId, deviceId: member.deviceId };
    const storedAt = clock.now();
    for (const [place, { deviceId, after }] of to.entries()) {
      const owner = reach.knownOwnerOf(deviceId) ?? (await reach.ownerOf(deviceId));
      if (owner === undefined || !users.has(owner)) outcomes[place] = refused("no-such-device");
      else if (sealed.length > MAX_SEALED_BYTES) outcomes[place] = refused("too-large");
      else {
        const header = { sequence, after, id, conversationId, from: from.deviceId, to: deviceId };
        const envelope = encodeEnvelope({ ...header, sealed });
        deposits.push({ id, to: deviceId, from, storedAt, envelope });
        places.push(place);
        bytes += envelope.length;
      }
      if (bytes < POST_STEP_BYTES) continue;
      await this.#keep(deposits.splice(0), places.splice(0), outcomes);
      bytes = 0;
    }
    await this.#keep(deposits, places, outcomes);
    return { outcomes };
  }

  /**
   * Somebody who is no buddy, or has blocked the sender, gets what is of a group in which both are.
   */
  async #standing(
    member: Member,
    deviceId: DeviceId,
    envelope: Uint8Array,
  ): Promise<Awaited<ReturnType<Reach["standing"]>>> {
    const { memberships, reach } = this.#options;
    const standing = await reach.standing(member, deviceId);
    if (standing !== "none" && standing !== "concealed") return standing;
    const conversationId = envelopeConversation(envelope);
    const owner = await reach.ownerOf(deviceId);
    if (conversationId === undefined || owner === undefined) return standing;
    const users = await memberships.usersFor(member.userId, conversationId);
    return users?.has(owner) === true ? "buddy" : standing;
  }

  /** Keeps them in one step, and writes what became of each at its place. */
  async #keep(
    deposits: readonly MailboxDeposit[],
    places: readonly number[],
    outcomes: PutOutcome[],
  ): Promise<void> {
    if (deposits.length === 0) return;
    const { mailbox, metrics, quota } = this.#options;
    const results = await mailbox.put(deposits, quota);
    let kept = 0;
    for (const [index, result] of results.entries()) {
      const place = places[index];
      const to = deposits[index]?.to;
      if (place === undefined || to === undefined) continue;
      outcomes[place] = outcomeOf(result);
      if (result !== "stored") continue;
      kept++;
      this.#announce(to);
    }
    if (kept > 0) metrics.mailboxStored(kept);
  }

  /** @throws ProtocolError too-many-requests: one page at a time */
  async fetch(
    member: Member,
    { after }: Params<"mailbox.fetch">,
  ): Promise<{ items: MailboxItem[]; more: boolean }> {
    const { connection, deviceId } = member;
    if (connection.fetching) {
      throw new ProtocolError("too-many-requests", "Fetch one page of the mailbox at a time.");
    }
    connection.fetching = true;
    try {
      const { items, more } = await this.#options.mailbox.fetch(deviceId, {
        after,
        maxItems: limits.MAILBOX_PAGE,
        maxBytes: limits.MAILBOX_PAGE_BYTES,
      });
      return { items: items.map(toWire), more };
    } finally {
      connection.fetching = false;
    }
  }

  async acknowledge(member: Member, { positions }: Params<"mailbox.acknowledge">): Promise<{}> {
    await this.#options.mailbox.acknowledge(member.deviceId, positions);
    return {};
  }

  /** Removes what has waited for too long; returns how many. */
  async purge(): Promise<number> {
    const { mailbox, clock, maxAgeMs } = this.#options;
    return mailbox.removeBefore(clock.now() - maxAgeMs);
  }

  #announce(deviceId: DeviceId): void {
    if (this.#arrived.size === 0) setImmediate(() => this.#tell());
    this.#arrived.set(deviceId, (this.#arrived.get(deviceId) ?? 0) + 1);
  }

  #tell(): void {
    const arrived = this.#arrived;
    this.#arrived = new Map();
    for (const [deviceId, count] of arrived) {
      this.#options.bus.toDevice(deviceId, event("mailbox.arrived", { count }));
    }
  }
}

function deposit(
  { id, to }: MailboxPut,
  from: MailboxDeposit["from"],
  storedAt: number,
  envelope: Buffer,
): MailboxDeposit {
  return { id, to, from, storedAt, envelope };
}

function toWire(
  item: { readonly envelope: Uint8Array } & Omit<MailboxItem, "envelope">,
): MailboxItem {
  const { buffer, byteOffset, byteLength } = item.envelope;
  return { ...item, envelope: Buffer.from(buffer, byteOffset, byteLength).toString("base64") };
}

function outcomeOf(result: DepositOutcome): PutOutcome {
  switch (result) {
    case "stored":
    case "duplicate":
      return stored;
    case "no-such-device":
    case "mailbox-full":
      return refused(result);
    default:
      return result satisfies never;
  }
}

function refused(error: "no-such-device" | "mailbox-full" | "too-large"): PutOutcome {
  return { outcome: "refused", error: errorTable[error].code };
}
