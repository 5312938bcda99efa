import { isIPv6 } from "node:net";
import * as v from "valibot";
import { DnsSd, lanParts, type LanOptions } from "./dns-sd.ts";
import type { FoundService } from "./found-service.ts";
import { FoundTable } from "./found-table.ts";
import { lanInterfaces, localAddressRule } from "./interfaces.ts";
import { MAX_SERVERS, MISSED_ASKS } from "./limits.ts";

const TYPE = "beeline";
const MAX_NAME = 64;

/** What a server says of itself (SPEC LAN10); keys that are not known are ignored. */
const Said = v.object({
  v: v.literal("1"),
  name: v.pipe(
    v.string(),
    // Nothing that would break a line, or turn the direction of what stands around it.
    v.transform((name) => name.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, " ").trim()),
    v.minLength(1),
    v.transform((name) => Array.from(name).slice(0, MAX_NAME).join("")),
  ),
  tls: v.picklist(["0", "1"]),
  host: v.optional(v.pipe(v.string(), v.regex(/^(?:[\w.-]{1,253}|\[[\da-f:.]{2,45}\])$/i))),
  path: v.optional(v.pipe(v.string(), v.regex(/^(?:\/[\w.~-]{1,64}){1,8}$/))),
  /** 32 bytes: the last character carries four bits only. */
  pin: v.optional(v.pipe(v.string(), v.regex(/^[\w-]{42}[AEIMQUYcgkosw048]$/))),
});

/** A server that announces itself. Nothing proves what it says. */
export interface LanServer {
  readonly name: string;
  /** As one would type it, e.g. `https://chat.example.org` or `http://192.168.1.7:8080`. */
  readonly address: string;
  readonly secure: boolean;
  /** Where its certificate is its own: that one's fingerprint, as in invitation links. */
  readonly pin?: string;
}

/**
 * Looks for servers (`_beeline._tcp`) until the returned function is called.
 * @param onChange all that are there, by name; at every change
 */
export function browseServers(
  options: LanOptions,
  onChange: (servers: readonly LanServer[]) => void,
): () => void {
  const parts = lanParts(options);
  const { clock, interfaces = lanInterfaces } = parts;
  /** By address: a server is heard of on each network that it shares with this machine. */
  const servers = new Map<string, LanServer>();
  const table = new FoundTable<string>(clock, {
    onChanged: () => undefined,
    onGone: (address) => {
      if (servers.delete(address)) tell();
    },
  });
  const dnsSd = new DnsSd({
    ...parts,
    type: TYPE,
    onFound: (service) => {
      const server = serverOf(service, localAddressRule(interfaces()));
      if (server === undefined) return;
      const known = servers.get(server.address);
      if (known === undefined && servers.size >= MAX_SERVERS) return;
      table.seen(server.address, service);
      const isNews = known?.name !== server.name || known.pin !== server.pin;
      if (!isNews || table.of(server.address).length === 0) return;
      servers.set(server.address, server);
      tell();
    },
    onGone: (service) => table.drop(service),
    onLook: () => table.expire(MISSED_ASKS * dnsSd.askMs),
  });
  return () => dnsSd.close();

  function tell(): void {
    onChange([...servers.values()].toSorted((a, b) => a.name.localeCompare(b.name)));
  }
}

/** @returns undefined where it is no server of ours, or nothing to type */
export function serverOf(
  { txt, port, addresses }: FoundService,
  isLocal: (address: string) => boolean,
): LanServer | undefined {
  const said = v.safeParse(Said, Object.fromEntries(txt));
  if (!said.success) return undefined;
  const { name, tls, path = "" } = said.output;
  const host = said.output.host ?? addresses.find(isLocal);
  if (host === undefined) return undefined;
  const secure = tls === "1";
  const place = `${isIPv6(host) ? `[${host}]` : host}:${port}${path}`;
  const url = URL.parse(`${secure ? "https" : "http"}://${place}`);
  if (url === null) return undefined;
  const { pin } = said.output;
  return {
    name,
    address: url.href.replace(/\/$/, ""),
    secure,
    ...(pin === undefined || !secure ? {} : { pin }),
  };
}
