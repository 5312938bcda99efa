import * as v from "valibot";
import { Epoch } from "./groups.ts";
import { ConversationId, DeviceId, UserId } from "./ids.ts";
import { MembershipLength } from "./membership.ts";
import { OwnDeviceRow, Presence, Profile, RosterEntry, Show } from "./model.ts";
import { IncomingSignal } from "./signal.ts";

const channel = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(0xffff));

/** Every notification that the server sends (JSON-RPC 2.0 §4.1), with its parameters. */
export const events = {
  /** An entry is new or changed in anything but presence; it is sent whole. */
  "roster.changed": v.object({ entry: RosterEntry }),
  "roster.removed": v.object({ userId: UserId }),
  "presence.changed": v.object({ userId: UserId, presence: Presence }),

  /** Something about one's own account changed, maybe on another device. */
  "self.changed": v.object({
    profile: Profile,
    devices: v.array(OwnDeviceRow),
    show: Show,
    statusText: v.string(),
  }),

  /** Somebody's device list (a buddy's, or one's own) grew to this length: read it on. */
  "devices.changed": v.object({ userId: UserId, length: v.number() }),

  /** A group's membership log grew to this length, or this account came into the group. */
  "conversation.changed": v.object({ conversationId: ConversationId, length: MembershipLength }),

  /** A commit began this epoch of a conversation's group, or the group was made. */
  "group.changed": v.object({ conversationId: ConversationId, epoch: Epoch }),
  /** Few single-use key packages of this device are left. */
  "keyPackages.low": v.object({ kept: v.number() }),

  "signal.received": IncomingSignal,

  /** A device opened a channel to this one; binary frames on `channel` go back to it. */
  "relay.opened": v.object({
    channel,
    from: v.object({ userId: UserId, deviceId: DeviceId }),
  }),
  "relay.closed": v.object({
    channel,
    reason: v.picklist(["closed", "peer-offline", "not-permitted", "slow-receiver"]),
  }),
  /** The receiver behind `channel` is slow: hold frames back while `paused`. */
  "relay.flow": v.object({ channel, paused: v.boolean() }),

  /** Envelopes came into this device's mailbox: fetch them. */
  "mailbox.arrived": v.object({ count: v.number() }),
} as const satisfies Record<string, v.GenericSchema>;

export type Events = typeof events;
export type EventName = keyof Events;
export type EventParams<E extends EventName> = v.InferOutput<Events[E]>;

export function isEventName(name: string): name is EventName {
  return Object.hasOwn(events, name);
}
