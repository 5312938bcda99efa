import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import * as v from "valibot";
import { CertificatePin, type InviteLink } from "../../shared/protocol/index.ts";
import { OperatorError } from "../config/operator-error.ts";
import { publicAddressOf } from "../config/public-address.ts";
import type { Settings } from "../config/settings.ts";
import { pinOf, serverTls } from "./server-tls.ts";

const Announced = v.object({ server: v.string(), pin: v.exactOptional(CertificatePin) });

/** Where people reach a server with these settings, and what they pin. */
export function announcementOf(settings: Settings, port: number): InviteLink {
  const server = publicAddressOf(settings, port);
  const pin = pinOf(settings, server);
  return { server, ...(pin === undefined ? {} : { pin }) };
}

/**
 * Tells the commands beside the server how it is reached: its port and address may have been given
 * by flags that they do not see.
 */
export function announce(settings: Settings, announcement: InviteLink): void {
  const file = fileOf(settings);
  try {
    writeFileSync(file, `${JSON.stringify(announcement)}\n`, { mode: 0o600 });
  } catch (error) {
    throw new OperatorError(`${file} cannot be written.`, { cause: error });
  }
}

/**
 * What the server said when it was started last; where it never was, what it will say. An address
 * given to the command itself goes before both.
 */
export async function announced(settings: Settings): Promise<InviteLink> {
  const last = lastAnnouncement(settings);
  if (last !== undefined && settings["public-address"] === undefined) return last;
  // Makes the certificate where there is none yet: the link shall be good once the server runs.
  await serverTls(settings);
  return announcementOf(settings, last === undefined ? settings.port : portOf(last.server));
}

function lastAnnouncement(settings: Settings): InviteLink | undefined {
  try {
    const result = v.safeParse(Announced, JSON.parse(readFileSync(fileOf(settings), "utf8")));
    return result.success ? result.output : undefined;
  } catch {
    // No server has run here yet; or the file is damaged, and the next start writes it anew.
    return undefined;
  }
}

function portOf(server: string): number {
  const { port, protocol } = new URL(server);
  return port === "" ? (protocol === "https:" ? 443 : 80) : Number(port);
}

function fileOf(settings: Settings): string {
  return join(resolve(settings.data), "announced.json");
}
