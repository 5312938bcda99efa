import * as v from "valibot";
import { DisplayName, ProtocolError, UserId, UserName } from "../../shared/protocol/index.ts";
import { OperatorError, usageError } from "../config/operator-error.ts";
import { randomId } from "../random-id.ts";
import { enrolPassword } from "../sign-in/enrol-password.ts";
import { OpaqueServer } from "../sign-in/opaque-server.ts";
import type { Store } from "../store/store.ts";
import { allAccounts, findAccount } from "./accounts.ts";
import { audit } from "./audit-entry.ts";
import {
  expectPositionals,
  hasOption,
  parseArguments,
  settingsOf,
  table,
  textOption,
  timeText,
  type Arguments,
  type Surroundings,
} from "./command.ts";
import { openStore } from "./data-folder.ts";
import { newPassword } from "./password.ts";
import { listDevices, revokeDevice, showUser } from "./user-devices.ts";

const OPTIONS = {
  "password-file": { type: "string" },
  "display-name": { type: "string" },
  json: { type: "boolean" },
  yes: { type: "boolean" },
} as const;

/** `user add|list|show|disable|enable|reset-password|remove|devices|revoke-device` */
export async function userCommand(
  argv: readonly string[],
  surroundings: Surroundings,
): Promise<void> {
  const [action, ...rest] = argv;
  const args = parseArguments(rest, OPTIONS);
  switch (action) {
    case "add":
      return addUser(args, surroundings);
    case "list":
      return listUsers(args, surroundings);
    case "disable":
      return setDisabled(args, surroundings, true);
    case "enable":
      return setDisabled(args, surroundings, false);
    case "reset-password":
      return resetPassword(args, surroundings);
    case "show":
      return showUser(args, surroundings);
    case "remove":
      return removeUser(args, surroundings);
    case "devices":
      return listDevices(args, surroundings);
    case "revoke-device":
      return revokeDevice(args, surroundings);
    case undefined:
    default:
      throw usageError(
        "Use user add, list, show, disable, enable, reset-password, remove, devices or revoke-device.",
      );
  }
}

async function addUser(args: Arguments, surroundings: Surroundings): Promise<void> {
  const [name = ""] = expectPositionals(args, "NAME");
  const userName = valid(UserName, name, `"${name}" cannot be a user name`);
  const shown = textOption(args, "display-name") ?? userName;
  const displayName = valid(DisplayName, shown, `"${shown}" cannot be a display name`);
  await using store = await openStore(settingsOf(args, surroundings), "command");
  if ((await store.accounts.byName(userName)) !== undefined) throw taken(userName);
  const credential = await enrol(store, userName, args, surroundings);
  const userId = v.parse(UserId, randomId());
  try {
    await store.accounts.create({ userId, userName, displayName, credential, now: Date.now() });
  } catch (error) {
    if (error instanceof ProtocolError && error.errorName === "user-name-taken") {
      throw taken(userName);
    }
    throw error;
  }
  await audit(store, { action: "account-added", subject: userName });
  surroundings.stdout.write(`${userName} can sign in now.\n`);
}

async function listUsers(args: Arguments, surroundings: Surroundings): Promise<void> {
  expectPositionals(args);
  await using store = await openStore(settingsOf(args, surroundings), "existing");
  const accounts = await allAccounts(store);
  if (hasOption(args, "json")) {
    for (const { userName, displayName, disabled, createdAt, lastSeen } of accounts) {
      const line = { userName, displayName, disabled, createdAt, lastSeen };
      surroundings.stdout.write(`${JSON.stringify(line)}\n`);
    }
    return;
  }
  const rows = accounts.map((account) => [
    account.userName,
    account.displayName,
    account.disabled ? "disabled" : "",
    timeText(account.createdAt),
    timeText(account.lastSeen),
  ]);
  surroundings.stdout.write(
    table([["USER", "NAME", "STATE", "CREATED (UTC)", "LAST SEEN (UTC)"], ...rows]),
  );
}

async function setDisabled(
  args: Arguments,
  surroundings: Surroundings,
  disabled: boolean,
): Promise<void> {
  const [name = ""] = expectPositionals(args, "NAME");
  await using store = await openStore(settingsOf(args, surroundings), "existing");
  const { userId, userName } = await findAccount(store, name);
  await store.accounts.setDisabled(userId, disabled);
  const action = disabled ? "account-disabled" : "account-enabled";
  await audit(store, { action, subject: userName });
  surroundings.stdout.write(
    disabled ? `${userName} is disabled and signed out everywhere.\n` : `${userName} is enabled.\n`,
  );
}

async function resetPassword(args: Arguments, surroundings: Surroundings): Promise<void> {
  const [name = ""] = expectPositionals(args, "NAME");
  await using store = await openStore(settingsOf(args, surroundings), "existing");
  const { userId, userName } = await findAccount(store, name);
  const credential = await enrol(store, userName, args, surroundings);
  await store.accounts.setCredential(userId, credential);
  await audit(store, { action: "password-reset", subject: userName });
  surroundings.stdout.write(`${userName} has a new password and is signed out everywhere.\n`);
}

async function removeUser(args: Arguments, surroundings: Surroundings): Promise<void> {
  const [name = ""] = expectPositionals(args, "NAME");
  await using store = await openStore(settingsOf(args, surroundings), "existing");
  const { userId, userName } = await findAccount(store, name);
  if (!hasOption(args, "yes")) {
    throw usageError(
      `This removes ${userName} for good, with devices, buddies and waiting messages. Add --yes.`,
    );
  }
  await store.accounts.remove(userId);
  await audit(store, { action: "account-removed", subject: userName, detail: userId });
  surroundings.stdout.write(`${userName} is removed and signed out everywhere.\n`);
}

async function enrol(
  store: Store,
  userName: string,
  args: Arguments,
  surroundings: Surroundings,
): Promise<string> {
  const password = await newPassword(textOption(args, "password-file"), surroundings);
  return await enrolPassword(new OpaqueServer(store.secrets), userName, password);
}

function valid(schema: v.GenericSchema<string, string>, text: string, otherwise: string): string {
  const result = v.safeParse(schema, text);
  if (result.success) return result.output;
  throw usageError(`${otherwise}: ${result.issues[0].message}`);
}

function taken(userName: string): OperatorError {
  return new OperatorError(`There is a user ${userName} already.`);
}
