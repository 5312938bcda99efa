import * as v from "valibot";
import {
  encodeId,
  ID_BYTES,
  LinkId,
  type DeviceId,
  type IncomingSignal,
  type PeerSignal,
  type Signal,
  type UserId,
} from "../../protocol/index.ts";
import type { IdentityKeys } from "../../crypto/index.ts";
import { assertNever } from "../assert-never.ts";
import type { PathReason } from "../delivery/delivery-state.ts";
import { DIRECT_OPEN_TIMEOUT_MS, MAX_DIRECT_LINKS, MAX_OPENING_LINKS } from "../limits.ts";
import type { Link, LinkCloseReason, LinkHandlers, LinkPeer } from "../link.ts";
import type { IceServer, PeerConnector, Ports } from "../ports.ts";
import type { RouteRule } from "../routes/route-rule.ts";
import { DirectAttempt, MAX_SIGNALS, type Bye } from "./direct-attempt.ts";
import {
  directState,
  isIdle,
  isPending,
  newSlot,
  rankOf,
  retryDelayMs,
  urgency,
  whyNotDirect,
  type DirectSlot,
  type DirectState,
} from "./direct-slot.ts";
import type { LinkPolicy } from "./link-service.ts";
import { RecentIds } from "./recent-ids.ts";
import type { Signalling } from "./signalling.ts";
import { isGenuine, signedSignal, withoutSignature } from "./signed-signal.ts";

/** Attempts to one device at another's request begin no faster than this. */
const REQUEST_PACE_MS = 1_000;

/** A link that carried something for so long was a good one. */
const STABLE_LINK_MS = 10_000;

/** Ended attempts whose signals, late or replayed, are known as such. */
const MAX_ENDED_IDS = 1_024;

type Description = Extract<Signal, { type: "offer" | "answer" }>;

export interface DirectLinksOptions {
  readonly signalling: Signalling;
  readonly ports: Pick<Ports, "clock" | "random" | "log"> & { readonly peers?: PeerConnector };
  readonly policy: LinkPolicy;
  readonly identity: IdentityKeys;
  /** A description that says it is that device's and is not: no link comes of it. */
  readonly onForged: (peer: LinkPeer) => void;
  /** One of the two devices does not know of a route policy: it tried, or was told that it may not. */
  readonly onForbidden: (peer: LinkPeer) => void;
  /** This device's id, once it is known. */
  readonly deviceId: () => DeviceId | undefined;
  readonly iceServers: () => readonly IceServer[];
  readonly handlers: LinkHandlers;
  readonly onOpen: (link: Link) => void;
  /** Something that `status` shows of this device changed. */
  readonly onChange: (peer: LinkPeer) => void;
}

/**
 * The direct links: which to open, who offers, when to try again. The device with the smaller id
 * offers and the other requests, so that two offers never cross.
 */
export class DirectLinks {
  readonly #options: DirectLinksOptions;
  readonly #connector: PeerConnector | undefined;
  readonly #slots = new Map<DeviceId, DirectSlot>();
  readonly #ended = new RecentIds<LinkId>(MAX_ENDED_IDS);
  readonly #subscriptions: (() => void)[];
  #closed = false;
  #pumping = false;

  constructor(options: DirectLinksOptions) {
    this.#options = options;
    this.#connector = options.ports.peers;
    this.#subscriptions = [
      options.signalling.onSignal((incoming) => this.#onSignal(incoming)),
      options.signalling.onReachable((device) => this.#onReachable(device)),
    ];
  }

  setWanted(peers: readonly LinkPeer[]): void {
    const ranks = new Map(peers.map((peer, rank) => [peer.deviceId, rank]));
    for (const slot of this.#slots.values()) {
      const { userId, deviceId } = slot.peer;
      const left = slot.rank !== undefined && !ranks.has(deviceId);
      if (left) slot.rank = undefined;
      // A server that has just come back knows nobody yet; an open link knows better than it.
      const isKept = !left || slot.attempt?.open === true;
      if (!isKept || !this.#options.policy.permits(userId, deviceId)) this.#drop(slot);
    }
    if (this.#connector === undefined) return;
    const { policy } = this.#options;
    // Those to whom no direct link may be take no place from the others.
    const ordered = Map.groupBy(peers, (peer) => policy.rule(peer).direct);
    const ranked = [...(ordered.get(true) ?? []), ...(ordered.get(false) ?? [])];
    for (const [rank, peer] of ranked.entries()) {
      const slot = this.#slot(peer);
      const wasWanted = slot.rank !== undefined && slot.rank < MAX_DIRECT_LINKS;
      slot.rank = rank;
      if (!wasWanted && rank < MAX_DIRECT_LINKS && isIdle(slot)) slot.due = true;
    }
    this.#pump();
  }

  direct(device: DeviceId): Link | undefined {
    const attempt = this.#slots.get(device)?.attempt;
    return attempt?.open === true ? attempt.link : undefined;
  }

  pending(device: DeviceId): boolean {
    const slot = this.#slots.get(device);
    return slot !== undefined && isPending(slot, this.#now());
  }

  whyNot(device: DeviceId): PathReason {
    if (this.#connector === undefined) return "no-webrtc";
    const slot = this.#slots.get(device);
    const rule = slot && this.#rule(slot);
    if (rule?.direct === false) return rule.why === "peer-policy" ? "peer-policy" : "own-policy";
    return slot === undefined ? "link-failed" : whyNotDirect(slot);
  }

  state(device: DeviceId): DirectState {
    const slot = this.#slots.get(device);
    return slot === undefined ? { state: "none" } : directState(slot);
  }

  suspect(link: Link): void {
    const attempt = this.#slots.get(link.peer.deviceId)?.attempt;
    if (attempt?.link === link) attempt.end("failed");
  }

  alive(link: Link): void {
    const slot = this.#slots.get(link.peer.deviceId);
    const openedAt = slot?.attempt?.openedAt;
    if (slot?.attempt?.link !== link || openedAt === undefined) return;
    // One that opens and dies soon again and again is worth no quick replacement.
    if (this.#now() - openedAt >= STABLE_LINK_MS) slot.failures = 0;
  }

  /** Begins the next attempt now, where there is none and the device is wanted. */
  tryNow(device: DeviceId): void {
    const slot = this.#slots.get(device);
    if (slot === undefined || slot.offer !== undefined || slot.requested !== undefined) return;
    this.#startAnew(slot);
    this.#pump();
  }

  /** The route policies that hold with that person are others now (SPEC R4). */
  reconsider(userId: UserId): void {
    for (const slot of this.#slots.values())
      if (slot.peer.userId === userId) this.#reconsider(slot);
    this.#pump();
  }

  peers(): LinkPeer[] {
    return [...this.#slots.values()].map((slot) => slot.peer);
  }

  close(): void {
    this.#closed = true;
    for (const unsubscribe of this.#subscriptions) unsubscribe();
    for (const slot of this.#slots.values()) this.#drop(slot);
  }

  #now(): number {
    return this.#options.ports.clock.monotonic();
  }

  #slot(peer: LinkPeer): DirectSlot {
    const slot = this.#slots.get(peer.deviceId) ?? newSlot(peer);
    this.#slots.set(peer.deviceId, slot);
    return slot;
  }

  #rule(slot: DirectSlot): RouteRule {
    return this.#options.policy.rule(slot.peer);
  }

  #reconsider(slot: DirectSlot): void {
    const { direct, lanOnly } = this.#rule(slot);
    const { attempt, offer } = slot;
    slot.refused = false;
    if (!direct) {
      this.#endRequest(slot);
      slot.offer = undefined;
      if (offer !== undefined) this.#turnAway(slot.peer, offer.linkId, "route");
    }
    if (attempt !== undefined) {
      if (!direct || (lanOnly && !attempt.lanOnly)) attempt.end("forbidden");
      // Begun for less than is permitted now; once it is open it is as good as any.
      else if (!lanOnly && attempt.lanOnly && !attempt.open) attempt.end("failed");
    }
    if (this.#slots.get(slot.peer.deviceId) !== slot) return;
    this.#startAnew(slot);
    this.#options.onChange(slot.peer);
  }

  /** What stood in the way may be gone. */
  #startAnew(slot: DirectSlot): void {
    slot.refused = false;
    if (rankOf(slot) >= MAX_DIRECT_LINKS || slot.attempt !== undefined) return;
    this.#endRequest(slot);
    slot.retry?.cancel();
    slot.retry = undefined;
    slot.failures = Math.min(slot.failures, 1);
    slot.due = true;
  }

  #drop(slot: DirectSlot): void {
    this.#slots.delete(slot.peer.deviceId);
    slot.retry?.cancel();
    slot.requested?.timer.cancel();
    slot.attempt?.end("closed");
    this.#options.onChange(slot.peer);
  }

  #onReachable(device: DeviceId | undefined): void {
    for (const slot of this.#slots.values()) {
      if (device !== undefined && slot.peer.deviceId !== device) continue;
      // What was under way may wait for signals that were lost with the old connection.
      if (slot.attempt?.open === false) slot.attempt.end("failed");
      this.#startAnew(slot);
    }
    this.#pump();
  }

  /** Begins what is due, as far as there is room. */
  #pump(): void {
    // A link that ends to make room calls this again.
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      this.#beginDue();
    } finally {
      this.#pumping = false;
    }
  }

  #beginDue(): void {
    if (this.#closed) return;
    const own = this.#options.deviceId();
    if (own === undefined) return;
    const ready = [...this.#slots.values()].filter(
      (slot) =>
        (slot.offer !== undefined || slot.due) &&
        this.#options.signalling.reaches(slot.peer.deviceId) &&
        !slot.refused &&
        this.#rule(slot).direct,
    );
    for (const slot of ready.toSorted((a, b) => urgency(a) - urgency(b))) {
      if (this.#slots.get(slot.peer.deviceId) !== slot) continue;
      if (slot.offer === undefined && own > slot.peer.deviceId) this.#request(slot);
      else if (this.#makeRoom(slot)) this.#begin(slot);
    }
  }

  #makeRoom(slot: DirectSlot): boolean {
    const attempts = [...this.#slots.values()].filter(
      (other) => other !== slot && other.attempt !== undefined,
    );
    const opening = attempts.filter((other) => other.attempt?.open !== true);
    if (opening.length >= MAX_OPENING_LINKS) return false;
    if (attempts.length < MAX_DIRECT_LINKS) return true;
    if (rankOf(slot) >= MAX_DIRECT_LINKS) return this.#refuse(slot);
    const last = attempts.toSorted((a, b) => rankOf(b) - rankOf(a))[0];
    if (last === undefined || rankOf(last) < MAX_DIRECT_LINKS) return this.#refuse(slot);
    last.attempt?.end("closed");
    return true;
  }

  /** No room, and none to come soon: the other side need not wait. */
  #refuse(slot: DirectSlot): false {
    slot.due = false;
    if (slot.offer !== undefined) {
      this.#send(slot.peer, slot.offer.linkId, { type: "bye" });
      this.#ended.add(slot.offer.linkId);
      slot.offer = undefined;
    }
    this.#tidy(slot);
    return false;
  }

  #begin(slot: DirectSlot): void {
    const { ports, handlers, iceServers } = this.#options;
    if (this.#connector === undefined) return;
    const { offer, peer } = slot;
    const linkId = offer?.linkId ?? this.#newLinkId();
    this.#endRequest(slot);
    slot.retry?.cancel();
    slot.retry = slot.offer = undefined;
    slot.due = false;
    slot.startedAt = this.#now();
    const older = slot.attempt;
    slot.attempt = undefined;
    older?.end("failed");
    slot.attempt = new DirectAttempt({
      peer,
      linkId,
      initiator: offer === undefined,
      lanOnly: this.#rule(slot).lanOnly,
      connector: this.#connector,
      iceServers: iceServers(),
      ports,
      linkHandlers: handlers,
      send: (signal) => this.#send(peer, linkId, this.#signed(peer, linkId, signal)),
      onOpen: (attempt) => this.#opened(attempt),
      onEnd: (attempt, reason) => this.#attemptEnded(attempt, reason),
    });
    this.#options.onChange(peer);
    for (const signal of offer?.signals ?? []) slot.attempt?.signal(signal);
  }

  #request(slot: DirectSlot): void {
    slot.due = false;
    if (slot.attempt !== undefined || slot.requested !== undefined) return;
    const linkId = this.#newLinkId();
    const timer = this.#options.ports.clock.setTimer(() => {
      slot.requested = undefined;
      this.#failed(slot);
    }, DIRECT_OPEN_TIMEOUT_MS);
    slot.requested = { linkId, timer, startedAt: this.#now() };
    this.#options.onChange(slot.peer);
    this.#send(slot.peer, linkId, { type: "request" });
  }

  #endRequest(slot: DirectSlot): void {
    slot.requested?.timer.cancel();
    slot.requested = undefined;
  }

  #opened(attempt: DirectAttempt): void {
    const slot = this.#slots.get(attempt.peer.deviceId);
    if (slot?.attempt !== attempt) return;
    slot.last = "none";
    this.#options.onChange(slot.peer);
    this.#options.onOpen(attempt.link);
    this.#pump();
  }

  #attemptEnded(attempt: DirectAttempt, reason: LinkCloseReason): void {
    this.#ended.add(attempt.linkId);
    const wasOpen = attempt.openedInMs !== undefined;
    const slot = this.#slots.get(attempt.peer.deviceId);
    if (slot?.attempt === attempt) {
      slot.attempt = undefined;
      slot.last = wasOpen ? "lost" : "failed";
      this.#failed(slot);
    }
    if (wasOpen) this.#options.handlers.onClose(attempt.link, reason);
    this.#pump();
  }

  /** An attempt or a request came to nothing, or a link broke: try again after a pause. */
  #failed(slot: DirectSlot): void {
    if (slot.refused || !this.#rule(slot).direct) {
      // No network stood in the way: it begins anew when the policies change.
      slot.last = "none";
    } else {
      if (slot.last === "none") slot.last = "failed";
      const delay = retryDelayMs(this.#options.ports.random, slot.failures);
      slot.failures += 1;
      if (rankOf(slot) < MAX_DIRECT_LINKS) this.#retryIn(slot, delay);
    }
    this.#tidy(slot);
    this.#options.onChange(slot.peer);
  }

  #retryIn(slot: DirectSlot, delayMs: number, isNeeded = (): boolean => true): void {
    slot.retry?.cancel();
    slot.retry = this.#options.ports.clock.setTimer(() => {
      slot.retry = undefined;
      slot.due = isNeeded();
      if (slot.due) this.#pump();
      else this.#tidy(slot);
    }, delayMs);
  }

  #newLinkId(): LinkId {
    return v.parse(LinkId, encodeId(this.#options.ports.random.bytes(ID_BYTES)));
  }

  #signed(peer: LinkPeer, linkId: LinkId, signal: PeerSignal | Bye): Signal {
    if (signal.type === "bye") return signal;
    const from = this.#options.deviceId();
    if (from === undefined) return { type: "bye" };
    return signedSignal(this.#options.identity, { linkId, from, to: peer.deviceId }, signal);
  }

  #send(peer: LinkPeer, linkId: LinkId, signal: Signal): void {
    const { signalling, ports } = this.#options;
    const { deviceId } = peer;
    signalling.send(peer, linkId, signal).catch((error: unknown) => {
      ports.log.debug("signal not sent", { device: deviceId, type: signal.type, error });
      const slot = this.#slots.get(deviceId);
      if (signal.type === "bye" || slot === undefined) return;
      if (slot.attempt?.linkId === linkId && !slot.attempt.open) slot.attempt.end("failed");
      if (slot.requested?.linkId === linkId) this.#requestFailed(slot);
    });
  }

  #requestFailed(slot: DirectSlot): void {
    this.#endRequest(slot);
    this.#failed(slot);
  }

  #onSignal({ from, linkId, signal }: IncomingSignal): void {
    const { policy, ports, deviceId } = this.#options;
    const own = deviceId();
    if (own === undefined || from.deviceId === own) return;
    if (!policy.permits(from.userId, from.deviceId) || this.#ended.has(linkId)) {
      ports.log.debug("signal refused", { from: from.deviceId, type: signal.type });
      // Who became a buddy on the other side first need not wait until their attempt times out:
      // by their next one the roster has come here too.
      const begins = signal.type === "offer" || signal.type === "request";
      if (begins && !this.#ended.has(linkId)) this.#turnAway(from, linkId);
      return;
    }
    if (
      (signal.type === "offer" || signal.type === "request") &&
      !this.#options.policy.rule(from).direct
    ) {
      this.#turnAway(from, linkId, "route");
      return this.#options.onForbidden(from);
    }
    switch (signal.type) {
      case "offer":
        if (from.deviceId < own) this.#onOffer(from, own, linkId, signal);
        return;
      case "request":
        if (own < from.deviceId) this.#onRequest(from, linkId);
        return;
      case "answer":
        return this.#onAnswer(from, own, linkId, signal);
      case "candidate":
        return this.#onDetail(from.deviceId, linkId, signal);
      case "bye":
        return this.#onBye(from.deviceId, linkId, signal);
      case "route":
        return;
      default:
        assertNever(signal);
    }
  }

  #turnAway(from: LinkPeer, linkId: LinkId, reason?: "route"): void {
    this.#ended.add(linkId);
    this.#send(from, linkId, { type: "bye", ...(reason === undefined ? {} : { reason }) });
  }

  #onOffer(from: LinkPeer, to: DeviceId, linkId: LinkId, signal: Description): void {
    if (this.#connector === undefined) return this.#turnAway(from, linkId);
    const known = this.#slots.get(from.deviceId);
    if (known?.attempt?.linkId === linkId || known?.offer?.linkId === linkId) return;
    // A forged one ends nothing that is under way: the true one may still come.
    if (!this.#isGenuine(from, to, linkId, signal)) return this.#turnAway(from, linkId);
    const slot = this.#slot(from);
    slot.refused = false;
    if (slot.offer !== undefined) this.#ended.add(slot.offer.linkId);
    slot.offer = { linkId, signals: [withoutSignature(signal)], arrivedAt: this.#now() };
    this.#options.onChange(slot.peer);
    this.#pump();
  }

  #onAnswer(from: LinkPeer, to: DeviceId, linkId: LinkId, signal: Description): void {
    const attempt = this.#slots.get(from.deviceId)?.attempt;
    if (attempt?.linkId !== linkId || !attempt.awaitsAnswer) return;
    if (this.#isGenuine(from, to, linkId, signal)) attempt.signal(withoutSignature(signal));
    else attempt.end("failed");
  }

  /** Checked before WebRTC sees any of it: the description says with whom it encrypts. */
  #isGenuine(from: LinkPeer, to: DeviceId, linkId: LinkId, signal: Description): boolean {
    const publicKey = this.#options.policy.publicKeyOf(from);
    const route = { linkId, from: from.deviceId, to };
    if (publicKey !== undefined && isGenuine(publicKey, route, signal)) return true;
    this.#options.ports.log.warn("a description is not the device's", { from: from.deviceId });
    this.#options.onForged(from);
    return false;
  }

  #onRequest(from: LinkPeer, linkId: LinkId): void {
    this.#ended.add(linkId);
    if (this.#connector === undefined) return this.#send(from, linkId, { type: "bye" });
    const slot = this.#slot(from);
    slot.refused = false;
    const sinceMs = this.#now() - slot.startedAt;
    if (sinceMs < REQUEST_PACE_MS) {
      // An offer may be on its way and have crossed the request; or it came too early and is lost.
      const crossed = slot.attempt?.described === false ? slot.attempt : undefined;
      return this.#retryIn(slot, REQUEST_PACE_MS - sinceMs, () => crossed?.described !== true);
    }
    slot.due = true;
    this.#pump();
  }

  #onDetail(device: DeviceId, linkId: LinkId, signal: PeerSignal): void {
    const slot = this.#slots.get(device);
    if (slot?.attempt?.linkId === linkId) return slot.attempt.signal(signal);
    if (slot?.offer?.linkId !== linkId || slot.offer.signals.length >= MAX_SIGNALS) return;
    slot.offer.signals.push(signal);
  }

  #onBye(device: DeviceId, linkId: LinkId, { reason }: Bye): void {
    const slot = this.#slots.get(device);
    if (slot === undefined) return;
    this.#ended.add(linkId);
    const { attempt, offer, peer, requested } = slot;
    const isPresent = [attempt, offer, requested].some((one) => one?.linkId === linkId);
    if (reason === "route" && isPresent) {
      slot.refused = true;
      // Maybe of a policy that is no more, of which they have not heard.
      this.#options.onForbidden(peer);
    }
    if (slot.offer?.linkId === linkId) slot.offer = undefined;
    if (slot.requested?.linkId === linkId) this.#requestFailed(slot);
    if (slot.attempt?.linkId === linkId) slot.attempt.end("closed-by-peer");
    this.#tidy(slot);
  }

  /** Forgets a device that nobody wants and nothing is open to. */
  #tidy(slot: DirectSlot): void {
    if (slot.rank !== undefined || slot.due || !isIdle(slot)) return;
    if (this.#slots.get(slot.peer.deviceId) === slot) this.#slots.delete(slot.peer.deviceId);
  }
}
