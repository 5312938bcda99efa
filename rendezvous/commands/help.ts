import { environmentName, settingInfo, settingNames } from "../config/settings.ts";

const COMMANDS = `beeline-rendezvous: the server that introduces Beeline's people to each other

  serve                          run the server
  user add NAME                  create an account; asks for the password
  user list [--json]             all accounts
  user show NAME [--json]        one account and its devices
  user disable NAME              sign an account out everywhere and keep it out
  user enable NAME               let it in again
  user reset-password NAME       set a new password and sign the account out everywhere
  user remove NAME --yes         remove an account for good, with all that waits for it
  user devices NAME [--json]     its devices
  user revoke-device NAME DEVICE   sign a device out and remove it; by id or name
  invite [--uses N] [--expires TIME]   make an invitation: code, link and QR code
  invite list [--json]           all invitations that can still be used
  invite revoke CODE             withdraw one; the first four letters do where no other has them
  audit [--since TIME] [--json]  what happened to accounts, and who did it; TIME is 7d or a date
  backup FILE                    copy the database while the server runs
  doctor                         look for what is wrong or soon will be
  help, --help                   this text
  --version                      the version

  --password-file FILE           of user add and reset-password: its first line
  --display-name NAME            of user add
  --config FILE                  settings in TOML; also BEELINE_CONFIG
  --data FOLDER                  every command takes this one

Settings of serve and doctor. A flag goes before the environment, the environment before the file,
where the same names are written without dashes in front: mailbox-quota = "64MiB".
`;

/** All commands and settings. */
export function helpText(): string {
  const lines = settingNames.map((name) => {
    const { value, about, secret } = settingInfo[name];
    const usage =
      secret === true
        ? environmentName(name)
        : value === undefined
          ? `--[no-]${name}`
          : `--${name} ${value}`;
    return `  ${usage.padEnd(34)} ${about}`;
  });
  const example = `\nIn the environment: ${environmentName("mailbox-quota")}=64MiB, and so on.\n`;
  return `${COMMANDS}\n${lines.join("\n")}\n${example}`;
}
