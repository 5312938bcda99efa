import * as v from "valibot";
import { formatInviteLink } from "../../shared/protocol/index.ts";
import { OperatorError, usageError } from "../config/operator-error.ts";
import { Duration, wholeNumber } from "../config/values.ts";
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
import { inviteLabel, newInviteCode } from "../store/invite-code.ts";
import { announced } from "./announced.ts";
import { audit } from "./audit-entry.ts";
import { openStore } from "./data-folder.ts";
import { shareText } from "./share-text.ts";

const OPTIONS = {
  uses: { type: "string" },
  expires: { type: "string" },
  "public-address": { type: "string" },
  json: { type: "boolean" },
} as const;

/** `invite`, `invite list`, `invite revoke CODE` */
export async function inviteCommand(
  argv: readonly string[],
  surroundings: Surroundings,
): Promise<void> {
  const args = parseArguments(argv, OPTIONS);
  const [action, ...positionals] = args.positionals;
  const rest = { ...args, positionals };
  switch (action) {
    case undefined:
      return createInvite(rest, surroundings);
    case "list":
      return listInvites(rest, surroundings);
    case "revoke":
      return revokeInvite(rest, surroundings);
    default:
      throw usageError("Use invite, invite list or invite revoke CODE.");
  }
}

async function createInvite(args: Arguments, surroundings: Surroundings): Promise<void> {
  const usesLeft = option(args, "uses", wholeNumber(1, 1_000_000)) ?? 1;
  const expiresIn = option(args, "expires", Duration);
  const settings = settingsOf(args, surroundings);
  await using store = await openStore(settings, "command");
  const server = await announced(settings);
  const createdAt = Date.now();
  const expiresAt = expiresIn === undefined ? undefined : createdAt + expiresIn;
  const code = newInviteCode();
  await store.invites.create({ code, createdAt, expiresAt, usesLeft });
  const uses = usesLeft === 1 ? "one use" : `${usesLeft} uses`;
  await audit(store, { action: "invite-made", subject: inviteLabel(code), detail: uses });
  const link = { ...server, invite: code };
  if (hasOption(args, "json")) {
    const line = { code, link: formatInviteLink(link), usesLeft, createdAt, expiresAt };
    surroundings.stdout.write(`${JSON.stringify(line)}\n`);
    return;
  }
  surroundings.stdout.write(`${code}\n${shareText(link)}`);
}

async function listInvites(args: Arguments, surroundings: Surroundings): Promise<void> {
  expectPositionals(args);
  await using store = await openStore(settingsOf(args, surroundings), "existing");
  const invites = await store.invites.list();
  if (hasOption(args, "json")) {
    for (const invite of invites) surroundings.stdout.write(`${JSON.stringify(invite)}\n`);
    return;
  }
  const rows = invites.map(({ label, usesLeft, createdAt, expiresAt }) => [
    `${label}-…`,
    String(usesLeft),
    timeText(createdAt),
    timeText(expiresAt),
  ]);
  surroundings.stdout.write(
    table([["CODE", "USES LEFT", "CREATED (UTC)", "EXPIRES (UTC)"], ...rows]),
  );
}

async function revokeInvite(args: Arguments, surroundings: Surroundings): Promise<void> {
  const [code = ""] = expectPositionals(args, "CODE");
  await using store = await openStore(settingsOf(args, surroundings), "existing");
  if (!(await store.invites.revoke(code)))
    throw new OperatorError(`There is no invitation ${code}.`);
  await audit(store, { action: "invite-revoked", subject: inviteLabel(code) });
  surroundings.stdout.write(`${code} invites nobody any more.\n`);
}

function option<S extends v.GenericSchema>(
  args: Arguments,
  name: string,
  schema: S,
): v.InferOutput<S> | undefined {
  const text = textOption(args, name);
  if (text === undefined) return undefined;
  const result = v.safeParse(schema, text);
  if (result.success) return result.output;
  throw usageError(`--${name}: expected ${result.issues[0].message}, not "${text}"`);
}
