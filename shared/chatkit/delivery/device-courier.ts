import {
  limits,
  MAX_SEALED_BYTES,
  type ConversationId,
  type DeviceId,
  type MessageId,
  type PutOutcome,
} from "../../protocol/index.ts";
import { assertNever } from "../assert-never.ts";
import {
  DIRECT_GRACE_MS,
  MAILBOX_RETRY_MAX_MS,
  MAILBOX_RETRY_MIN_MS,
  MAX_IN_FLIGHT,
  MAX_LINK_TRIES,
  STORED_RESEND_MAX_MS,
  STORED_RESEND_MS,
  UNREACHABLE_MS,
  UNREADABLE_RETRY_MAX_MS,
  UNREADABLE_RETRY_MIN_MS,
} from "../limits.ts";
import { LinkError, type Link, type LinkPeer } from "../link.ts";
import type { LinkService } from "../links/link-service.ts";
import type { Clock, Timer } from "../ports.ts";
import { AckWindow } from "./ack-window.ts";
import { courierEntry, CourierQueue, type CourierEntry } from "./courier-entry.ts";
import type { Place } from "./audience.ts";
import type { FailureReason, PathReason, WaitReason } from "./delivery-state.ts";
import type { Directory } from "./directory.ts";
import { judgePut, relayPauseMs, relayRefusal, type PutVerdict } from "./mailbox-verdict.ts";
import type { MailboxPutter } from "./mailbox-putter.ts";
import type { Outbox, OutboxItem } from "./outbox.ts";

export interface CourierContext {
  readonly clock: Clock;
  readonly links: LinkService;
  readonly directory: Directory;
  readonly mailbox: Pick<MailboxPutter, "put" | "post">;
  readonly outbox: Outbox;
  readonly serverOnline: () => boolean;
  /** Resolves once the item is sealed, or has ended. Never rejects. */
  readonly secure: (item: OutboxItem) => Promise<void>;
  /** What is to be sealed in that conversation waits for its group. */
  readonly isBlocked: (conversationId: ConversationId) => boolean;
  /** The sealed item's envelope for that device, or undefined where there can be none. */
  readonly envelope: (item: OutboxItem, to: DeviceId) => Uint8Array | undefined;
  /** The sequence of the message before it for that device. */
  readonly after: (item: OutboxItem, to: DeviceId) => number;
  readonly onProblem: (error: unknown) => void;
}

type Route =
  | { readonly kind: "link"; readonly link: Link }
  | { readonly kind: "relay"; readonly reason: PathReason }
  | { readonly kind: "mailbox"; readonly reason: PathReason }
  /** For `ms`, or until something changes. */
  | { readonly kind: "wait"; readonly why: WaitReason; readonly ms?: number };

/** Carries messages to one device, in order, by the best path there is (SPEC P1 to P9, R3). */
export class DeviceCourier {
  readonly #context: CourierContext;
  readonly #peer: LinkPeer;
  readonly #queue = new CourierQueue();
  readonly #entries = new Map<MessageId, CourierEntry>();
  /** How many of them are of which conversation. */
  readonly #places = new Map<ConversationId, { readonly place: Place; readonly count: number }>();
  readonly #window: AckWindow;
  #pumping = false;
  #kicked = false;
  #closed = false;
  #wake: Timer | undefined;
  /** Until when a direct link that is being opened is waited for; one wait for each attempt. */
  #graceUntil: number | undefined;
  #noRelay: { readonly until: number; readonly reason: PathReason } | undefined;
  /** The server asked for patience: the relay is there, a moment later. */
  #relayPause: number | undefined;
  #putPause: { readonly until: number; readonly why: WaitReason } | undefined;
  #putRetryMs = MAILBOX_RETRY_MIN_MS;
  #storedTimer: Timer | undefined;
  #storedResendMs = STORED_RESEND_MS;
  #heldTimer: Timer | undefined;
  /** How many entries of which conversation are being sealed. */
  readonly #securing = new Map<ConversationId, number>();
  /** Sealed in this moment; they take their places in the queue together. */
  #secured: CourierEntry[] = [];
  #toldWaiting: WaitReason | undefined;

  constructor(context: CourierContext, peer: LinkPeer) {
    this.#context = context;
    this.#peer = peer;
    this.#window = new AckWindow(context.clock, {
      prove: (link) => context.links.prove(link),
      heardAt: (link) => context.links.heardAt(link),
      onSilent: (link, entries) => this.#silent(link, entries),
      onOverdue: (entries) => this.#again(entries),
    });
  }

  /** @param stored the mailbox has it already, from before a restart */
  add(item: OutboxItem, stored: boolean): void {
    const entry = courierEntry(item, stored);
    this.#entries.set(item.record.id, entry);
    this.#countPlace(item, 1);
    if (stored) {
      this.#watchStored();
    } else {
      this.#queue.push(entry);
      // What those before it were told to wait for it waits for, too.
      const why = this.#toldWaiting;
      if (why !== undefined) this.#context.outbox.waiting(item, this.#peer.deviceId, why);
      this.kick();
    }
  }

  /** How the message went last; undefined where it is not on its way to this device. */
  entry(id: MessageId): CourierEntry | undefined {
    return this.#entries.get(id);
  }

  /** The device has it. Returns the round trip over the link it went by, in ms. */
  acknowledged(id: MessageId): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    const roundTrip = this.#window.acknowledged(entry);
    const link = entry.way?.link;
    if (roundTrip !== undefined && link !== undefined) this.#context.links.alive(link, roundTrip);
    this.#storedResendMs = STORED_RESEND_MS;
    this.forget(id);
  }

  /**
   * The device could not open it: it is sealed anew, at once, or after a pause where that did not help
   * before. False where another answer said so already.
   */
  unreadable(id: MessageId): boolean {
    const entry = this.#entries.get(id);
    if (entry === undefined || (entry.state !== "in-flight" && entry.state !== "stored")) {
      return false;
    }
    this.#window.remove(entry);
    entry.item.sealed = undefined;
    entry.unreadable++;
    if (entry.unreadable === 1) {
      this.#again([entry]);
      return true;
    }
    const pause = UNREADABLE_RETRY_MIN_MS * 4 ** (entry.unreadable - 2);
    entry.state = "held";
    entry.heldUntil = this.#context.clock.monotonic() + Math.min(pause, UNREADABLE_RETRY_MAX_MS);
    this.#releaseHeld();
    return true;
  }

  /** The message is delivered, failed or not for this device any more. */
  forget(id: MessageId): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#window.remove(entry);
    entry.state = "done";
    this.#entries.delete(id);
    this.#countPlace(entry.item, -1);
    this.kick();
  }

  /** Something authentic came from the device: it can be reached. */
  heard(link: Link | undefined): void {
    if (link !== undefined) this.#window.heard(link);
    if (this.#noRelay !== undefined && link !== undefined) {
      this.#noRelay = undefined;
      this.kick();
    }
  }

  linkClosed(link: Link): void {
    this.#again(this.#window.removeLink(link));
  }

  /** The device came online or left, or the server's connection did. */
  presenceChanged(): void {
    this.#noRelay = undefined;
    this.#relayPause = undefined;
    this.#putPause = undefined;
    for (const entry of this.#entries.values()) {
      entry.unreadable = 0;
      entry.heldUntil = 0;
    }
    this.#releaseHeld();
    this.#watchStored();
    this.kick();
  }

  /** Other ways are permitted now, or some are not any more. */
  routesChanged(): void {
    this.#toldWaiting = undefined;
    this.presenceChanged();
  }

  /** Somebody in a group who is no buddy: whether their devices are there is not told. */
  get #isUnseen(): boolean {
    const { directory } = this.#context;
    const { userId } = this.#peer;
    return userId !== directory.self.userId && !directory.isBuddy(userId);
  }

  /** Conversations of which something is on its way to the device. */
  places(): readonly Place[] {
    return [...this.#places.values()].map(({ place }) => place);
  }

  get isIdle(): boolean {
    return this.#entries.size === 0;
  }

  /** The device is no more, or its person is not in that conversation. */
  giveUp(conversationId: ConversationId, reason: FailureReason): void {
    for (const { item } of [...this.#entries.values()]) {
      if (item.record.conversationId !== conversationId) continue;
      this.#context.outbox.drop(item, this.#peer.deviceId, reason);
      this.forget(item.record.id);
    }
  }

  close(): void {
    this.#closed = true;
    this.#wake?.cancel();
    this.#storedTimer?.cancel();
    this.#heldTimer?.cancel();
    this.#window.close();
  }

  /** Looks again whether something can leave. */
  kick(): void {
    if (this.#closed) return;
    this.#kicked = true;
    if (!this.#pumping) void this.#pump();
  }

  async #pump(): Promise<void> {
    this.#pumping = true;
    try {
      while (this.#kicked && !this.#closed) {
        this.#kicked = false;
        while (await this.#step());
      }
    } catch (error) {
      this.#context.onProblem(error);
      this.#wakeIn(MAILBOX_RETRY_MIN_MS);
    } finally {
      this.#pumping = false;
    }
  }

  /** Sends what is first, if it can leave. False where something must happen before. */
  async #step(): Promise<boolean> {
    const entry = this.#queue.peek();
    if (this.#closed || entry === undefined || this.#window.size >= MAX_IN_FLIGHT) return false;
    const route = this.#route(entry);
    if (route.kind !== "wait") {
      this.#toldWaiting = undefined;
      if (entry.item.sealed === undefined) return this.#secure();
    }
    switch (route.kind) {
      case "link":
        return this.#sendOver(entry, route.link, "link-open");
      case "relay":
        return this.#relay(entry, route.reason);
      case "mailbox":
        return this.#store(route.reason);
      case "wait":
        this.#tellWaiting(route.why);
        if (route.ms !== undefined) this.#wakeIn(route.ms);
        return false;
      default:
        return assertNever(route);
    }
  }

  /**
   * Has what comes next sealed; each takes its place in the queue again once it is. What waits for its
   * conversation's group takes no room from the others. False where enough is being sealed.
   */
  #secure(): boolean {
    let room = MAX_IN_FLIGHT;
    for (const [conversationId, count] of this.#securing) {
      if (!this.#context.isBlocked(conversationId)) room -= count;
    }
    if (room <= 0) return false;
    for (const entry of this.#queue.first(room)) {
      if (entry.item.sealed !== undefined) continue;
      entry.state = "securing";
      this.#countSecuring(entry, 1);
      void this.#context.secure(entry.item).then(() => this.#takeBack(entry));
    }
    return true;
  }

  #countPlace({ record }: OutboxItem, change: 1 | -1): void {
    const { conversationId, peer } = record;
    const place = { conversationId, ...(peer === undefined ? {} : { peer }) };
    const count = (this.#places.get(conversationId)?.count ?? 0) + change;
    if (count === 0) this.#places.delete(conversationId);
    else this.#places.set(conversationId, { place, count });
  }

  #countSecuring({ item: { record } }: CourierEntry, change: 1 | -1): void {
    const count = (this.#securing.get(record.conversationId) ?? 0) + change;
    if (count === 0) this.#securing.delete(record.conversationId);
    else this.#securing.set(record.conversationId, count);
  }

  #takeBack(entry: CourierEntry): void {
    this.#countSecuring(entry, -1);
    this.#secured.push(entry);
    if (this.#secured.length > 1) return;
    // The others of the same commit follow at once.
    queueMicrotask(() => {
      // What they were said to wait for is not what they wait for now.
      this.#toldWaiting = undefined;
      this.#queue.putBack(this.#secured.filter(({ state }) => state === "securing"));
      this.#secured = [];
      this.kick();
    });
  }

  #route(entry: CourierEntry): Route {
    const { links, directory, clock } = this.#context;
    const device = this.#peer.deviceId;
    const now = clock.monotonic();
    const rule = links.rule(this.#peer);
    if (rule.why === "policies-exclude") return { kind: "wait", why: rule.why };
    // Only where there is a mailbox can it be left to that.
    const hasServer = this.#context.serverOnline();
    const isWorn = rule.mailbox && hasServer && entry.tries >= MAX_LINK_TRIES;
    const direct = rule.direct ? links.direct(device) : undefined;
    if (direct !== undefined && !isWorn) {
      this.#graceUntil = undefined;
      return { kind: "link", link: direct };
    }
    if (rule.why !== undefined && !rule.relay) {
      if (!links.directPending(device)) return { kind: "wait", why: rule.why };
      // Should it come to nothing, that is told.
      return { kind: "wait", why: "sending", ms: DIRECT_GRACE_MS };
    }
    if (!rule.direct || !links.directPending(device)) {
      this.#graceUntil = undefined;
    } else if (entry.tries === 0) {
      this.#graceUntil ??= now + DIRECT_GRACE_MS;
      const ms = this.#graceUntil - now;
      if (ms > 0) return { kind: "wait", why: "sending", ms };
    }
    if (!hasServer) {
      if (!rule.direct || !links.directPending(device)) {
        return { kind: "wait", why: "server-unreachable" };
      }
      // To somebody near. Should it come to nothing, that is told.
      return { kind: "wait", why: "sending", ms: DIRECT_GRACE_MS };
    }
    const isOnline = directory.isOnline(device);
    if (this.#noRelay !== undefined && now >= this.#noRelay.until) this.#noRelay = undefined;
    if (isOnline && this.#noRelay === undefined && !isWorn) {
      const ms = this.#relayPause === undefined ? 0 : this.#relayPause - now;
      if (ms > 0) return { kind: "wait", why: "rate-limited", ms };
      const why = rule.direct ? undefined : rule.why;
      return { kind: "relay", reason: why ?? links.whyNoDirect(device) };
    }
    const pause = this.#putPause;
    if (pause !== undefined && now < pause.until) {
      return { kind: "wait", why: pause.why, ms: pause.until - now };
    }
    if (this.#isUnseen) return { kind: "mailbox", reason: "no-buddy" };
    const reason = isOnline ? (this.#noRelay?.reason ?? "unreachable") : "offline";
    return { kind: "mailbox", reason };
  }

  async #relay(entry: CourierEntry, reason: PathReason): Promise<boolean> {
    let link: Link;
    try {
      link = await this.#context.links.relay(this.#peer);
    } catch (error) {
      const now = this.#context.clock.monotonic();
      const pause = relayPauseMs(error);
      if (pause === undefined) {
        this.#noRelay = { until: now + UNREACHABLE_MS, reason: relayRefusal(error) };
      } else {
        this.#relayPause = now + pause;
      }
      return true;
    }
    if (entry.state !== "queued") return true;
    return this.#sendOver(entry, link, reason);
  }

  #sendOver(entry: CourierEntry, link: Link, reason: PathReason): boolean {
    if (!link.writable) return false;
    // While the relay was asked for, the device may have told that it cannot open those bytes.
    if (entry.item.sealed === undefined) return true;
    const { outbox, clock } = this.#context;
    const envelope = this.#envelope(entry);
    if (envelope === undefined) return true;
    try {
      link.send(envelope);
    } catch (error) {
      if (!(error instanceof LinkError)) this.#context.onProblem(error);
      if (error instanceof LinkError && error.reason === "too-large") {
        outbox.drop(entry.item, this.#peer.deviceId, "too-large");
        this.forget(entry.item.record.id);
        return true;
      }
      // Closed or full: its end, or its drain, is told in a moment and looks again.
      this.#queue.putBack([entry]);
      this.#wakeIn(DIRECT_GRACE_MS);
      return false;
    }
    entry.tries++;
    const path = link.kind === "direct" ? "direct" : "relayed";
    entry.way = { path, reason, link, sentAt: clock.monotonic() };
    entry.state = "in-flight";
    this.#window.add(entry);
    outbox.sent(entry.item, this.#peer.deviceId, path, reason);
    return true;
  }

  /** Undefined where there can be none, and the entry is given up. */
  #envelope({ item }: CourierEntry): Uint8Array | undefined {
    const envelope = this.#context.envelope(item, this.#peer.deviceId);
    if (envelope === undefined) {
      this.#context.outbox.drop(item, this.#peer.deviceId, "refused");
      this.forget(item.record.id);
    }
    return envelope;
  }

  /** Gives a batch to the mailbox. */
  async #store(reason: PathReason): Promise<boolean> {
    const entries = this.#queue
      .first(limits.MAILBOX_PUT_BATCH)
      .filter(({ item }) => item.sealed !== undefined);
    const returned: CourierEntry[] = [];
    for (const entry of entries) entry.state = "leaving";
    await Promise.all(
      entries.map(async (entry) => {
        const put = this.#put(entry);
        if (put === undefined) return;
        const verdict = await judgePut(put);
        if (entry.state !== "leaving") return;
        if (this.#settle(entry, verdict, reason) === "again") returned.push(entry);
      }),
    );
    this.#queue.putBack(returned);
    return true;
  }

  /** Undefined where there can be no envelope, and the entry is given up. */
  #put(entry: CourierEntry): Promise<PutOutcome> | undefined {
    const { mailbox } = this.#context;
    const to = this.#peer.deviceId;
    const { record, sealed } = entry.item;
    // What goes to a group goes there in one request for many devices.
    if (record.peer === undefined && sealed !== undefined && sealed.length <= MAX_SEALED_BYTES) {
      const after = this.#context.after(entry.item, to);
      return mailbox.post({ ...record, sealed }, { deviceId: to, after });
    }
    const envelope = this.#envelope(entry);
    return envelope && mailbox.put({ id: record.id, to }, envelope);
  }

  #settle(entry: CourierEntry, verdict: PutVerdict, reason: PathReason): "again" | undefined {
    const { outbox, clock } = this.#context;
    const { item } = entry;
    switch (verdict.kind) {
      case "stored":
        entry.tries++;
        entry.state = "stored";
        entry.way = { path: "stored", reason, link: undefined, sentAt: clock.monotonic() };
        this.#putRetryMs = MAILBOX_RETRY_MIN_MS;
        outbox.stored(item, this.#peer.deviceId, reason);
        this.#watchStored();
        return undefined;
      case "later": {
        const now = clock.monotonic();
        // The others of a refused batch add nothing: one refusal, one step of back-off.
        if (this.#putPause === undefined || now >= this.#putPause.until) {
          const pause = Math.max(verdict.afterMs ?? 0, this.#putRetryMs);
          this.#putPause = { until: now + pause, why: verdict.why };
          this.#putRetryMs = Math.min(this.#putRetryMs * 2, MAILBOX_RETRY_MAX_MS);
        }
        return "again";
      }
      case "refused":
        // In a group it is that person alone who is out of reach.
        if (verdict.reason === "not-buddies" && item.record.peer !== undefined) {
          outbox.fail(item, verdict.reason);
        } else outbox.drop(item, this.#peer.deviceId, verdict.reason);
        this.forget(item.record.id);
        return undefined;
      default:
        return assertNever(verdict);
    }
  }

  /** Nothing came back over the link since these were sent. */
  #silent(link: Link, entries: readonly CourierEntry[]): void {
    if (link.kind === "relay") {
      const until = this.#context.clock.monotonic() + UNREACHABLE_MS;
      this.#noRelay = { until, reason: "unreachable" };
    }
    // Taken out of use first: else it would be chosen once more.
    this.#context.links.suspect(link);
    this.#again(entries);
  }

  #again(entries: readonly CourierEntry[]): void {
    this.#queue.putBack(entries);
    this.kick();
  }

  /** The device is there, and yet the mailbox's messages were not acknowledged: send them again. */
  #watchStored(): void {
    if (this.#closed) return;
    if (this.#storedTimer !== undefined || this.#entries.size === 0) return;
    // Whoever may be there unseen is sent it again as seldom as can be.
    if (this.#isUnseen) this.#storedResendMs = STORED_RESEND_MAX_MS;
    this.#storedTimer = this.#context.clock.setTimer(() => {
      this.#storedTimer = undefined;
      const isThere = this.#isUnseen || this.#context.directory.isOnline(this.#peer.deviceId);
      if (!isThere) return;
      const oldest = this.#context.clock.monotonic() - this.#storedResendMs;
      const stored = [...this.#entries.values()].filter((entry) => entry.state === "stored");
      if (stored.length === 0) return;
      const overdue = stored.filter((entry) => (entry.way?.sentAt ?? 0) <= oldest);
      if (overdue.length > 0) {
        this.#storedResendMs = Math.min(this.#storedResendMs * 2, STORED_RESEND_MAX_MS);
        this.#again(overdue);
      }
      this.#watchStored();
    }, this.#storedResendMs);
  }

  /** What could not be opened is sealed anew when its time has come. */
  #releaseHeld(): void {
    if (this.#closed) return;
    this.#heldTimer?.cancel();
    this.#heldTimer = undefined;
    const now = this.#context.clock.monotonic();
    const held = [...this.#entries.values()].filter(({ state }) => state === "held");
    const due = held.filter(({ heldUntil }) => heldUntil <= now);
    if (due.length > 0) this.#again(due);
    const next = Math.min(...held.map(({ heldUntil }) => heldUntil).filter((at) => at > now));
    if (next === Infinity) return;
    this.#heldTimer = this.#context.clock.setTimer(() => this.#releaseHeld(), next - now);
  }

  #tellWaiting(why: WaitReason): void {
    if (this.#toldWaiting === why) return;
    this.#toldWaiting = why;
    for (const entry of this.#queue.first(Infinity)) {
      this.#context.outbox.waiting(entry.item, this.#peer.deviceId, why);
    }
  }

  #wakeIn(ms: number): void {
    if (this.#closed) return;
    this.#wake?.cancel();
    this.#wake = this.#context.clock.setTimer(() => this.kick(), ms);
  }
}
