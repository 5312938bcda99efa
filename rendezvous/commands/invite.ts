import * as v from "valibot";
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
import { newInviteCode } from "../store/invite-code.ts";
import { openStore } from "./data-folder.ts";

const OPTIONS = {
  uses: { type: "string" },
  expires: { type: "string" },
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
  await using store = await openStore(settingsOf(args, surroundings), "command");
  const createdAt = Date.now();
  const expiresAt = expiresIn === undefined ? undefined : createdAt + expiresIn;
  const code = newInviteCode();
  await store.invites.create({ code, createdAt, expiresAt, usesLeft });
  surroundings.stdout.write(`${code}\n`);
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
