import { isIPv4, isIPv6 } from "node:net";
import { networkInterfaces, type NetworkInterfaceInfo } from "node:os";
import type { Settings } from "./settings.ts";

type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;

/** Networks inside this machine: containers and virtual machines. */
const VIRTUAL = /^(?:docker|br-|veth|virbr|vmnet|vboxnet|vEthernet|lxc|podman|cni|flannel)/i;

/**
 * Where people reach the server: `http(s)://host[:port][/path]` without a slash at the end. That is
 * the setting where there is one, else the address that it listens on, else the machine's own.
 * @param port on which it really listens
 */
export function publicAddressOf(
  settings: Settings,
  port: number,
  interfaces: Interfaces = networkInterfaces(),
): string {
  const { "public-address": given, host, tls } = settings;
  if (given?.includes("://") === true) return addressText(new URL(given));
  if (given !== undefined) {
    const url = new URL(`https://${given}`);
    // Without TLS of its own a proxy stands before the server, at the port of https.
    const ownPort = tls === "auto" && !settings["trust-proxy"];
    if (ownPort && !/:\d+$/.test(given)) url.port = String(port);
    return addressText(url);
  }
  const ownHost = host === "::" || host === "0.0.0.0" ? lanAddress(interfaces) : host;
  const name = isIPv6(ownHost) ? `[${ownHost}]` : ownHost;
  // A browser on this very machine needs no certificate, and would not know ours.
  const scheme = isOwnMachine(ownHost) || tls === "off" ? "http" : "https";
  return addressText(new URL(`${scheme}://${name}:${port}`));
}

function addressText(url: URL): string {
  return url.origin + url.pathname.replace(/\/+$/, "");
}

function isOwnMachine(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.");
}

/** IPv4 first: people read it aloud. Loopback where the machine is on no network. */
function lanAddress(interfaces: Interfaces): string {
  const found = Object.entries(interfaces)
    .toSorted(([a], [b]) => Number(VIRTUAL.test(a)) - Number(VIRTUAL.test(b)))
    .flatMap(([, addresses]) => addresses ?? [])
    .filter(({ internal, address }) => !internal && !/^(?:169\.254\.|fe80:)/i.test(address))
    .map(({ address }) => address);
  return found.find((address) => isIPv4(address)) ?? found[0] ?? "127.0.0.1";
}
