import type { RoutePolicy, UserId } from "../../protocol/index.ts";
import type { Examination, LinkStatus, Route } from "../api.ts";

/** The ways to other devices: `ChatKitApi.network`. */
export interface NetworkApi {
  /** A snapshot: devices to which something is open, being opened, or failed. */
  links(): readonly LinkStatus[];
  /** Sends a ping over each open link to that person's devices; `link` events tell what comes back. */
  measure(userId: UserId): Promise<void>;
  /** `automatic` both ways for whoever is no buddy. */
  route(userId: UserId): Route;
  /**
   * Holds on this device at once, and is told to the other devices of this account and to theirs.
   * @throws ChatKitError not-buddies, store-failed
   */
  setRoute(userId: UserId, policy: RoutePolicy): Promise<Route>;
  /**
   * The connection doctor: each of the person's online devices is examined together with this one.
   * Takes up to `EXAMINATION_MS`. With none of them online, one examination of this end alone.
   * @throws ChatKitError not-buddies, not-open
   */
  examine(userId: UserId): Promise<readonly Examination[]>;
}
