import type { Params, UserId } from "../../shared/protocol/index.ts";
import type { Bus, PresenceChoice } from "../bus/bus.ts";
import type { Clock } from "../clock.ts";
import type { Member } from "../connection/member.ts";
import type { Metrics } from "../metrics.ts";
import type { AccountStore } from "../store/store.ts";
import type { Background } from "./background.ts";
import type { BuddyLists } from "./buddy-lists.ts";
import { event } from "./event-frames.ts";
import { presenceForBuddies, withoutAddresses } from "./roster-entries.ts";

export interface PresenceServiceOptions {
  readonly accounts: AccountStore;
  readonly bus: Bus;
  readonly buddies: BuddyLists;
  readonly background: Background;
  readonly clock: Clock;
  readonly metrics: Metrics;
}

/**
 * Tells online buddies, and one's own other devices, who is there and where. Nobody else learns
 * anything, and nobody learns of who appears offline.
 */
export class PresenceService {
  readonly #options: PresenceServiceOptions;
  #silent = false;

  constructor(options: PresenceServiceOptions) {
    this.#options = options;
  }

  /** The device has joined the bus. */
  joined(member: Member): void {
    if (this.#options.bus.user(member.userId)?.show !== "offline") {
      this.#tellBuddies(member.userId, undefined);
    }
    this.#tellOwnDevices(member.userId);
  }

  left(member: Member): void {
    const { bus, clock, accounts, background, buddies } = this.#options;
    const { userId } = member;
    const visible = bus.user(userId)?.show !== "offline";
    const outcome = bus.leave(member);
    if (outcome === "replaced") return;
    if (outcome === "others-online") {
      if (visible) this.#tellBuddies(userId, undefined);
      this.#tellOwnDevices(userId);
      return;
    }
    if (visible) {
      const now = clock.now();
      background.run("last seen was not saved", accounts.setLastSeen(userId, now));
      this.#tellBuddies(userId, now);
    }
    buddies.forget(userId);
  }

  /** Buddies hear of it at once; the answer waits until it is saved. */
  async set(member: Member, choice: Params<"presence.set">): Promise<Record<string, never>> {
    const { bus, accounts, clock } = this.#options;
    const { userId } = member;
    const wasVisible = bus.user(userId)?.show !== "offline";
    const visible = choice.show !== "offline";
    bus.setChoice(userId, choice);
    if (visible) {
      this.#tellBuddies(userId, undefined);
    } else if (wasVisible) {
      const now = clock.now();
      this.#tellBuddies(userId, now);
      await accounts.setLastSeen(userId, now);
    }
    this.#tellOwnDevices(userId);
    await accounts.setPresence(userId, choice.show, choice.statusText);
    return {};
  }

  /** The device's own addresses have changed. */
  moved(member: Member, { local }: Params<"endpoint.update">): Record<string, never> {
    member.endpoint = { ...member.endpoint, local };
    this.joined(member);
    return {};
  }

  /** The choice in force: of the online devices, else the one that was saved. */
  choiceOf(userId: UserId, saved: PresenceChoice): PresenceChoice {
    return this.#options.bus.user(userId) ?? saved;
  }

  /** At shutdown everybody leaves; telling everybody of everybody would only take time. */
  silence(): void {
    this.#silent = true;
  }

  #tellBuddies(userId: UserId, lastSeen: number | undefined): void {
    const { bus, buddies, metrics } = this.#options;
    const { shown, hidden } = buddies.byHiding(userId);
    const count = shown.length + hidden.length;
    if (this.#silent || count === 0) return;
    const presence = presenceForBuddies(bus.user(userId), lastSeen);
    bus.toUsers(shown, event("presence.changed", { userId, presence }));
    if (hidden.length > 0) {
      const without = withoutAddresses(presence);
      bus.toUsers(hidden, event("presence.changed", { userId, presence: without }));
    }
    metrics.presenceFanOut(count);
  }

  #tellOwnDevices(userId: UserId): void {
    const { bus } = this.#options;
    const user = bus.user(userId);
    if (this.#silent || user === undefined || user.devices.length < 2) return;
    const presence = {
      show: user.show,
      statusText: user.statusText,
      endpoints: user.devices.map((device) => device.endpoint),
    };
    bus.toUsers([userId], event("presence.changed", { userId, presence }));
  }
}
