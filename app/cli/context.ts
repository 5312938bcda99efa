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
 * The server that was named, or used last.
 * @throws CliError usage
 */
export function serverOf({ options, settings }: Context): string {
  const server = options.server ?? settings.server;
  if (server === undefined) throw usage("No server is known yet: name it by --server URL.");
  const url = URL.parse(server);
  if (url === null || !["http:", "https:", "ws:", "wss:"].includes(url.protocol)) {
    throw usage(`"${server}" is no server address such as https://chat.example.org.`);
  }
  return server;
}

/**
 * The account that was named, or used last.
 * @throws CliError usage
 */
export function accountOf(context: Context): Account {
  const server = serverOf(context);
  const user = context.options.user ?? context.settings.user;
  if (user === undefined || user.trim() === "") {
    throw usage("No user is known yet: name one by --user NAME.");
  }
  return { server, user };
}
