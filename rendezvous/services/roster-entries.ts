import type { Endpoint, Presence, RosterEntry, UserId } from "../../shared/protocol/index.ts";
import type { Bus, OnlineUser } from "../bus/bus.ts";
import type { RosterStore, RosterView } from "../store/store.ts";

/** What buddies are told of somebody. Who appears offline is told like who is. */
export function presenceForBuddies(
  user: OnlineUser | undefined,
  lastSeen: number | undefined,
): Presence {
  if (user === undefined || user.show === "offline") {
    return {
      show: "offline",
      statusText: "",
      endpoints: [],
      ...(lastSeen === undefined ? {} : { lastSeen }),
    };
  }
  return {
    show: user.show,
    statusText: user.statusText,
    endpoints: user.devices.map((device) => device.endpoint),
  };
}

/** The same without addresses, for those from whom they are kept. */
export function withoutAddresses(presence: Presence): Presence {
  const endpoints = presence.endpoints.map((endpoint): Endpoint => ({
    ...endpoint,
    observed: { address: "0.0.0.0", port: 0 },
    local: [],
  }));
  return { ...presence, endpoints };
}

/** What everybody else is told, and those who were blocked. */
export const unknownPresence: Presence = { show: "offline", statusText: "", endpoints: [] };

/** Makes the entries that people see of the rows that the store keeps. */
export class RosterEntries {
  readonly #roster: RosterStore;
  readonly #bus: Bus;

  constructor(roster: RosterStore, bus: Bus) {
    this.#roster = roster;
    this.#bus = bus;
  }

  async all(owner: UserId): Promise<RosterEntry[]> {
    const [views, buddies] = await Promise.all([
      this.#roster.of(owner),
      this.#roster.buddies(owner),
    ]);
    const mutual = new Set(buddies);
    return views.map((view) => this.#entry(view, mutual.has(view.row.peer)));
  }

  /** Undefined where there is no row. */
  async one(owner: UserId, peer: UserId): Promise<RosterEntry | undefined> {
    const [view, back] = await Promise.all([
      this.#roster.view(owner, peer),
      this.#roster.row(peer, owner),
    ]);
    return view === undefined ? undefined : this.#entry(view, back?.state === "buddies");
  }

  #entry(view: RosterView, agreedByPeer: boolean): RosterEntry {
    const { row, peer, devices, logLength, addressesHidden } = view;
    const buddies = row.state === "buddies";
    const shown =
      buddies && agreedByPeer
        ? presenceForBuddies(this.#bus.user(peer.userId), peer.lastSeen)
        : unknownPresence;
    return {
      profile: { userId: peer.userId, userName: peer.userName, displayName: peer.displayName },
      state: row.state,
      nickname: row.nickname,
      group: row.group,
      // Whoever was blocked keeps seeing the devices: their going would tell.
      devices: buddies ? [...devices] : [],
      logLength: buddies || row.state === "pending" ? logLength : 0,
      presence: addressesHidden ? withoutAddresses(shown) : shown,
      ...(row.hideAddresses ? { hideAddresses: true } : {}),
    };
  }
}
