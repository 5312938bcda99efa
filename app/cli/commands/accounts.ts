import { accountOf, linkOf, type Context } from "../context.ts";
import { exitCodes, toCliError } from "../exit-codes.ts";
import { readPassword } from "../password.ts";
import { createKit, online, restoreKit } from "../session.ts";
import { print, warn } from "../terminal.ts";

/** `beeline register`: a new account, signed in at once. */
export async function register(context: Context): Promise<void> {
  const { user, ...at } = accountOf(context);
  const { "password-file": file, "display-name": displayName } = context.options;
  const invite = context.options.invite ?? linkOf(context).invite;
  const password = await readPassword(file, "new-account");
  await using kit = createKit(context, at.server, false);
  const { profile } = await kit.register({
    userName: user,
    password,
    ...(displayName === undefined ? {} : { displayName }),
    ...(invite === undefined ? {} : { invite }),
  });
  await context.settings.remember({ ...at, user: profile.userName });
  print(`${profile.userName} is registered and signed in at ${at.server}`);
}

/** `beeline login`: this machine becomes a device of the account. */
export async function login(context: Context): Promise<void> {
  const { user, ...at } = accountOf(context);
  const password = await readPassword(context.options["password-file"], "sign-in");
  await using kit = createKit(context, at.server, false);
  const { profile } = await kit.signIn({ userName: user, password });
  await context.settings.remember({ ...at, user: profile.userName });
  print(`${profile.userName} is signed in at ${at.server}`);
}

/** `beeline logout`: ends the session; the history stays on this machine. */
export async function logout(context: Context): Promise<void> {
  const { server, user } = accountOf(context);
  const forgetDevice = context.options["forget-device"] === true;
  await using kit = await restoreKit(context, false);
  try {
    await online(kit);
  } catch (error) {
    if (toCliError(error).exitCode === exitCodes.cannotConnect && forgetDevice) throw error;
    warn("the server cannot be reached: the session is forgotten on this machine alone");
  }
  await kit.signOut({ forgetDevice });
  print(`${user} is signed out at ${server}`);
}
