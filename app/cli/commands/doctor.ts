import { constants } from "node:fs";
import { access, mkdir } from "node:fs/promises";
import { CLOCK_TOLERANCE_MS } from "../../../shared/chatkit/limits.ts";
import type { ServerInfo } from "../../../shared/protocol/index.ts";
import { usage } from "../arguments.ts";
import { accountOf, serverOf, type Context } from "../context.ts";
import { CliError, exitCodes, toCliError } from "../exit-codes.ts";
import { localAddresses } from "../../lan/local-addresses.ts";
import { loadNodePeers } from "../ports/node-peers.ts";
import { testDirectLink } from "../ports/direct-link-test.ts";
import { createKit, online, restoreKit } from "../session.ts";
import { print } from "../terminal.ts";
import { doctorUser } from "./doctor-user.ts";

/** `beeline doctor [USER]`: one line for each check; fails if one did. */
export async function doctor(context: Context, [user]: readonly string[]): Promise<void> {
  if (user !== undefined) return await doctorUser(context, user);
  if (context.options.json === true) throw usage('"doctor" takes --json with a USER.', "doctor");
  const report = new Report();
  await report.check("data folder", () => checkFolder(context.dataFolder));
  const server = await report.check("server address", () => ({
    value: serverOf(context),
    told: serverOf(context),
  }));
  if (server !== undefined) {
    const info = await report.check("server", () => checkServer(context, server));
    if (info !== undefined) {
      await report.check("clock", () => checkClock(info));
      await report.check("session", () => checkSession(context));
    }
  }
  await report.check("local addresses", checkAddresses);
  await report.check("WebRTC", checkWebRtc);
  await report.check("direct link", checkDirectLink);
  report.end();
}

interface Finding<T> {
  readonly value: T;
  readonly told: string;
}

class Report {
  #failures = 0;

  /** The value that was found, or undefined where the check failed. */
  async check<T>(
    name: string,
    run: () => Finding<T> | Promise<Finding<T>>,
  ): Promise<T | undefined> {
    try {
      const { value, told } = await run();
      print(`ok    ${name}: ${told}`);
      return value;
    } catch (error) {
      this.#failures += 1;
      print(`fail  ${name}: ${toCliError(error).message}`);
      return undefined;
    }
  }

  /** @throws CliError failed */
  end(): void {
    if (this.#failures === 0) return;
    const checks = this.#failures === 1 ? "1 check" : `${this.#failures} checks`;
    throw new CliError(exitCodes.failed, `${checks} failed.`);
  }
}

async function checkFolder(folder: string): Promise<Finding<string>> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new CliError(exitCodes.store, `${detail}; choose another by --data DIR`, { cause });
  }
  return { value: folder, told: `${folder} is writable` };
}

async function checkServer(context: Context, server: string): Promise<Finding<ServerInfo>> {
  await using kit = createKit(context, server, false);
  try {
    const info = await kit.serverInfo();
    return { value: info, told: `${info.name} answers by WebSocket, version ${info.version}` };
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new CliError(
      exitCodes.cannotConnect,
      `${detail.replace(/\.$/, "")}; is it running, is the address right, does a proxy let WebSockets pass?`,
      { cause },
    );
  }
}

function checkClock({ now }: ServerInfo): Finding<number> {
  const differenceMs = Date.now() - now;
  const seconds = (Math.abs(differenceMs) / 1000).toFixed(1);
  const told = `${seconds} s ${differenceMs < 0 ? "behind" : "ahead of"} the server's`;
  if (Math.abs(differenceMs) > CLOCK_TOLERANCE_MS) {
    throw new CliError(exitCodes.failed, `${told}; set this machine's clock`);
  }
  return { value: differenceMs, told };
}

async function checkSession(context: Context): Promise<Finding<string>> {
  const { user } = accountOf(context);
  await using kit = await restoreKit(context, false);
  await online(kit);
  return { value: user, told: `${user} is signed in` };
}

function checkAddresses(): Finding<number> {
  const addresses = localAddresses().map(({ address }) => address);
  if (addresses.length === 0) {
    throw new CliError(exitCodes.failed, "none; this machine has no network but itself");
  }
  return { value: addresses.length, told: addresses.join(", ") };
}

function checkWebRtc(): Finding<true> {
  if (loadNodePeers() === undefined) {
    throw new CliError(
      exitCodes.failed,
      "not available on this platform; messages go by relay and mailbox",
    );
  }
  return { value: true, told: "available" };
}

async function checkDirectLink(): Promise<Finding<number>> {
  const peers = loadNodePeers();
  if (peers === undefined) throw new CliError(exitCodes.failed, "no WebRTC");
  try {
    const ms = await testDirectLink(peers);
    return { value: ms, told: `opened to itself in ${Math.round(ms)} ms` };
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new CliError(
      exitCodes.failed,
      `${detail}; a local firewall may block UDP; messages go by relay`,
      { cause },
    );
  }
}
