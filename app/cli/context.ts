import { ChatKitError } from "../../shared/chatkit/api.ts";
import { readInviteLink, type InviteLink } from "../../shared/chatkit/invite-link.ts";
import type { Log } from "../../shared/chatkit/ports.ts";
import type { Options } from "./arguments.ts";
import { usage } from "./arguments.ts";
import { dataFolderOf } from "./data-folder.ts";
import { silentLog } from "./ports/silent-log.ts";
import { SettingsFile } from "./settings.ts";
import { stderrLog } from "./stderr-log.ts";
import { warn } from "./terminal.ts";

/** What every command works with. */
export interface Context {
  readonly options: Options;
  readonly dataFolder: string;
  readonly settings: SettingsFile;
  readonly log: Log;
}

export interface Account {
  readonly server: string;
  readonly user: string;
  /** Fingerprint of its certificate, where the server has made that itself. */
  readonly pin?: string;
}

/** @throws StoreError where the data folder cannot be read */
export async function createContext(options: Options): Promise<Context> {
  const dataFolder = dataFolderOf(options.data);
  const settings = await SettingsFile.open(dataFolder, (movedTo) =>
    warn(`the settings could not be understood and were set aside as ${movedTo}`),
  );
  const log = options.verbose === true ? stderrLog : silentLog;
  return { options, dataFolder, settings, log };
}

/**
 * The server that was named, by its address or an invitation link, or used last. Its pin is kept:
 * later the address alone is enough.
 * @throws CliError usage
 */
export function linkOf({ options, settings }: Context): InviteLink {
  const text = options.server ?? settings.server;
  if (text === undefined) throw usage("No server is known yet: name it by --server URL.");
  const link = parseLink(text);
  const pin = link.pin ?? (link.server === settings.server ? settings.pin : undefined);
  return { ...link, ...(pin === undefined ? {} : { pin }) };
}

/** @throws CliError usage */
export function serverOf(context: Context): string {
  return linkOf(context).server;
}

function parseLink(text: string): InviteLink {
  try {
    return readInviteLink(text);
  } catch (error) {
    if (!(error instanceof ChatKitError)) throw error;
    throw usage(
      `"${text}" is no server address such as https://chat.example.org and no invitation link.`,
    );
  }
}

/**
 * The account that was named, or used last.
 * @throws CliError usage
 */
export function accountOf(context: Context): Account {
  const { server, pin } = linkOf(context);
  const user = context.options.user ?? context.settings.user;
  if (user === undefined || user.trim() === "") {
    throw usage("No user is known yet: name one by --user NAME.");
  }
  return { server, user, ...(pin === undefined ? {} : { pin }) };
}
