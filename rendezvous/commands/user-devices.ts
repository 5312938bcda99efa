import { OperatorError } from "../config/operator-error.ts";
import type { StoredDevice } from "../store/store.ts";
import { findAccount } from "./accounts.ts";
import { audit } from "./audit-entry.ts";
import {
  expectPositionals,
  hasOption,
  settingsOf,
  table,
  timeText,
  type Arguments,
  type Surroundings,
} from "./command.ts";
import { openStore } from "./data-folder.ts";

/** `user show NAME`: the account, then its devices. */
export async function showUser(args: Arguments, surroundings: Surroundings): Promise<void> {
  const [name = ""] = expectPositionals(args, "NAME");
  await using store = await openStore(settingsOf(args, surroundings), "existing");
  const account = await findAccount(store, name);
  const devices = await store.devices.ofUser(account.userId);
  const { userId, userName, displayName, disabled, createdAt, lastSeen } = account;
  if (hasOption(args, "json")) {
    const shown = { userId, userName, displayName, disabled, createdAt, lastSeen };
    const line = { ...shown, devices: devices.map(shownDevice) };
    surroundings.stdout.write(`${JSON.stringify(line)}\n`);
    return;
  }
  surroundings.stdout.write(
    table([
      ["user", userName],
      ["name", displayName],
      ["id", userId],
      ["state", disabled ? "disabled" : "enabled"],
      ["created", `${timeText(createdAt)} UTC`],
      ["last seen", lastSeen === undefined ? "never" : `${timeText(lastSeen)} UTC`],
    ]),
  );
  surroundings.stdout.write(`\n${deviceTable(devices)}`);
}

/** `user devices NAME` */
export async function listDevices(args: Arguments, surroundings: Surroundings): Promise<void> {
  const [name = ""] = expectPositionals(args, "NAME");
  await using store = await openStore(settingsOf(args, surroundings), "existing");
  const { userId } = await findAccount(store, name);
  const devices = await store.devices.ofUser(userId);
  if (!hasOption(args, "json")) {
    surroundings.stdout.write(deviceTable(devices));
    return;
  }
  for (const device of devices) {
    surroundings.stdout.write(`${JSON.stringify(shownDevice(device))}\n`);
  }
}

/**
 * `user revoke-device NAME DEVICE`: by id, or by name where no other device has it. It is signed out
 * at once, and the account's other devices take it out of the signed list.
 */
export async function revokeDevice(args: Arguments, surroundings: Surroundings): Promise<void> {
  const [name = "", wanted = ""] = expectPositionals(args, "NAME", "DEVICE");
  await using store = await openStore(settingsOf(args, surroundings), "existing");
  const { userId, userName } = await findAccount(store, name);
  const devices = await store.devices.ofUser(userId);
  const byId = devices.find(({ deviceId }) => deviceId === wanted);
  const byName = devices.filter((device) => device.name === wanted);
  if (byId === undefined && byName.length > 1) {
    throw new OperatorError(`${userName} has several devices "${wanted}". Name one by its id.`);
  }
  const device = byId ?? byName[0];
  if (device === undefined) throw new OperatorError(`${userName} has no device "${wanted}".`);
  await store.devices.remove(device.deviceId);
  await audit(store, {
    action: "device-removed",
    subject: device.deviceId,
    detail: `of ${userName}`,
  });
  surroundings.stdout.write(`${device.name} is no device of ${userName} any more.\n`);
}

function shownDevice({ deviceId, name, addedAt, lastSeen, sessionEnds }: StoredDevice) {
  return { deviceId, name, addedAt, lastSeen, sessionEnds };
}

function deviceTable(devices: readonly StoredDevice[]): string {
  const rows = devices.map(({ deviceId, name, addedAt, lastSeen, sessionEnds }) => [
    deviceId,
    name,
    sessionEnds === undefined || sessionEnds < Date.now() ? "signed out" : "signed in",
    timeText(addedAt),
    timeText(lastSeen),
  ]);
  return table([["DEVICE", "NAME", "STATE", "ADDED (UTC)", "LAST SEEN (UTC)"], ...rows]);
}
