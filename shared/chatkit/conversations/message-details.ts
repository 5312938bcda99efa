import type { DeviceId, MessageId, UserId } from "../../protocol/index.ts";
import { toMessage, type Account } from "../account.ts";
import type { DeviceDelivery, MemberDelivery, MessageDetails } from "../api.ts";
import type { DeviceTrail, MessageRecord, OutboxRecipient } from "../store.ts";

/** Everything that is known here of one message; undefined where it is not here. @throws ChatKitError */
export async function messageDetails(
  account: Account,
  messageId: MessageId,
): Promise<MessageDetails | undefined> {
  const record = await account.delivery.find(messageId);
  if (record === undefined) return undefined;
  const { from, reactions = [], trail = [] } = record;
  const recipients = account.delivery.underWay(messageId)?.recipients ?? [];
  const name = nameOf(account, from.userId, from.deviceId);
  const devices = all(trail, recipients).map(([step, recipient]) =>
    deviceDelivery(account, step, recipient),
  );
  const isGroup = account.people.get(record.conversationId) !== undefined;
  return {
    message: toMessage(record),
    from: { ...from, ...(name === undefined ? {} : { name }) },
    reactions: reactions.flatMap(({ at, emoji, userId }) =>
      emoji === undefined ? [] : [{ userId, emoji, at }],
    ),
    devices,
    ...(isGroup && devices.length > 0 ? { members: membersOf(account, record, devices) } : {}),
  };
}

/** From the least to the most. */
const STEPS = ["given-up", "waiting", "sent", "stored", "delivered"] as const;

function membersOf(
  account: Account,
  record: MessageRecord,
  devices: readonly DeviceDelivery[],
): readonly MemberDelivery[] {
  const readers = new Set(account.delivery.readersOf(record));
  const furthest = new Map<UserId, MemberDelivery["state"]>();
  for (const state of STEPS) {
    for (const device of devices) {
      if (!device.own && device.state === state) furthest.set(device.userId, state);
    }
  }
  return Array.from(furthest, ([userId, state]) => ({
    userId,
    state: readers.has(userId) ? "read" : state,
  }));
}

/** Those that it is on its way to, and those of whom something is known already. */
function all(
  trail: readonly DeviceTrail[],
  recipients: readonly OutboxRecipient[],
): readonly (readonly [DeviceTrail, OutboxRecipient | undefined])[] {
  const rest = recipients.filter(
    ({ deviceId }) => !trail.some((step) => step.deviceId === deviceId),
  );
  return [
    ...trail.map((step) => {
      const recipient = recipients.find(({ deviceId }) => deviceId === step.deviceId);
      return [step, recipient] as const;
    }),
    ...rest.map((recipient) => {
      const { deviceId, userId } = recipient;
      return [{ userId, deviceId }, recipient] as const;
    }),
  ];
}

function deviceDelivery(
  account: Account,
  step: DeviceTrail,
  recipient: OutboxRecipient | undefined,
): DeviceDelivery {
  const name = nameOf(account, step.userId, step.deviceId);
  return {
    ...step,
    ...(name === undefined ? {} : { name }),
    own: step.userId === account.roster.self.userId,
    state: stateOf(step, recipient),
  };
}

function stateOf(
  { deliveredAt, sentAt, storedAt }: DeviceTrail,
  recipient: OutboxRecipient | undefined,
): DeviceDelivery["state"] {
  if (deliveredAt !== undefined) return "delivered";
  if (recipient === undefined) return "given-up";
  if (storedAt !== undefined) return "stored";
  return sentAt === undefined ? "waiting" : "sent";
}

/** As its account's list has it now; a device that is no more has no name. */
function nameOf(account: Account, userId: UserId, deviceId: DeviceId): string | undefined {
  const { roster } = account;
  const devices =
    userId === roster.self.userId ? roster.ownRows() : (roster.get(userId)?.devices ?? []);
  return devices.find((device) => device.deviceId === deviceId)?.name;
}
