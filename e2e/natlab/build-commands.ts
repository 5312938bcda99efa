import { routerRules } from "./router-rules.ts";
import type { LabNode, Port, Route, Shape, Topology } from "./topology.ts";

/** A program and its arguments. */
export type Command = readonly string[];

/** The namespace that holds the segments: a bridge each. */
const SWITCH = "switch";

/** Holds a full-size packet; a shorter queue would lose what a burst of a few packets is. */
const BURST_BYTES = 16 * 1024;
const QUEUE_MS = 400;

/**
 * The commands that build a topology, in order. Every device is made inside a namespace, so that
 * the host's own network never has one of them.
 * @param namespaceOf the namespace of a node, or of `SWITCH`
 */
export function buildCommands(
  topology: Topology,
  namespaceOf: (node: string) => string,
): readonly Command[] {
  const namespaces = [SWITCH, ...topology.nodes.map(({ name }) => name)].map(namespaceOf);
  return [
    ...namespaces.flatMap((namespace) => [
      ["ip", "netns", "add", namespace],
      ["ip", "-n", namespace, "link", "set", "lo", "up"],
      // Nobody else has the link's own address: it is there at once, and does not come later as a
      // change of the network, at which Chromium ends what it loads (RFC 4862 §5.4).
      inside(namespace, "sysctl", "-qw", "net.ipv6.conf.default.accept_dad=0"),
    ]),
    ...topology.segments.flatMap(({ name, mtu = 1500 }) => [
      [...onSwitch(namespaceOf), "link", "add", bridgeOf(topology, name), "type", "bridge"],
      [...onSwitch(namespaceOf), "link", "set", bridgeOf(topology, name), "mtu", String(mtu), "up"],
    ]),
    ...topology.nodes.flatMap((node) => nodeCommands(topology, node, namespaceOf)),
  ];
}

/** Pulls a node's cable out, or puts it in. */
export function cableCommand(
  topology: Topology,
  node: string,
  namespaceOf: (node: string) => string,
  state: "up" | "down",
): Command {
  return [...onSwitch(namespaceOf), "link", "set", switchPortOf(topology, node, 0), state];
}

/** Gives a node's first port other addresses, as another lease does. */
export function readdressCommands(
  namespace: string,
  from: readonly string[],
  to: readonly string[],
  routes: readonly Route[],
): readonly Command[] {
  return [
    ...from.map((address) => ["ip", "-n", namespace, "address", "del", address, "dev", "eth0"]),
    ...to.map((address) => addAddress(namespace, "eth0", address)),
    // They went with the last address.
    ...routes.map((route) => addRoute(namespace, route)),
  ];
}

function nodeCommands(
  topology: Topology,
  node: LabNode,
  namespaceOf: (node: string) => string,
): readonly Command[] {
  const namespace = namespaceOf(node.name);
  const { router, anyPorts } = node;
  const range = `net.ipv4.ip_local_port_range=${anyPorts?.first} ${anyPorts?.last}`;
  return [
    ...(anyPorts === undefined ? [] : [inside(namespace, "sysctl", "-qw", range)]),
    ...node.ports.flatMap((port, index) => portCommands(topology, node, port, index, namespaceOf)),
    ...(node.routes ?? []).map((route) => addRoute(namespace, route)),
    ...(router === undefined
      ? []
      : [
          inside(namespace, "sysctl", "-qw", "net.ipv4.ip_forward=1"),
          inside(namespace, "sysctl", "-qw", "net.ipv6.conf.all.forwarding=1"),
          inside(
            namespace,
            "nft",
            routerRules(router, (segment) => deviceOf(node, segment)),
          ),
        ]),
  ];
}

function portCommands(
  topology: Topology,
  node: LabNode,
  port: Port,
  index: number,
  namespaceOf: (node: string) => string,
): readonly Command[] {
  const namespace = namespaceOf(node.name);
  const device = `eth${index}`;
  const switchPort = switchPortOf(topology, node.name, index);
  const { mtu = 1500 } = segmentOf(topology, port.segment);
  const onBridge = [...onSwitch(namespaceOf), "link", "set", switchPort];
  return [
    [
      ...["ip", "link", "add", device, "netns", namespace, "type", "veth"],
      ...["peer", "name", switchPort, "netns", namespaceOf(SWITCH)],
    ],
    [...onBridge, "master", bridgeOf(topology, port.segment), "mtu", String(mtu), "up"],
    ...(port.isolated === true ? [[...onBridge, "type", "bridge_slave", "isolated", "on"]] : []),
    ["ip", "-n", namespace, "link", "set", device, "mtu", String(mtu), "up"],
    ...port.addresses.map((address) => addAddress(namespace, device, address)),
    ...shapeCommands(namespace, device, port.shape),
    // What comes in leaves the switch: there is no queue for what is received.
    ...shapeCommands(namespaceOf(SWITCH), switchPort, port.shape),
  ];
}

function shapeCommands(namespace: string, device: string, shape?: Shape): readonly Command[] {
  if (shape === undefined) return [];
  const bounds = ["burst", String(BURST_BYTES), "latency", `${QUEUE_MS}ms`];
  return [
    [
      ...["tc", "-n", namespace, "qdisc", "add", "dev", device, "root"],
      ...["tbf", "rate", `${shape.bitsPerSecond}bit`, ...bounds],
    ],
  ];
}

function addAddress(namespace: string, device: string, address: string): Command {
  // Nobody else has it: an IPv6 address may be used without asking first (RFC 4862 §5.4).
  const flags = address.includes(":") ? ["nodad"] : [];
  return ["ip", "-n", namespace, "address", "add", address, "dev", device, ...flags];
}

function addRoute(namespace: string, { to, via }: Route): Command {
  const family = via.includes(":") ? "-6" : "-4";
  return ["ip", "-n", namespace, family, "route", "add", to, "via", via];
}

/** The command, run in a namespace. */
export function inside(namespace: string, ...command: readonly string[]): Command {
  return ["ip", "netns", "exec", namespace, ...command];
}

function onSwitch(namespaceOf: (node: string) => string): Command {
  return ["ip", "-n", namespaceOf(SWITCH)];
}

/** Names of devices have 15 characters at most, so segments and ports are numbered. */
function bridgeOf(topology: Topology, segment: string): string {
  return `bridge${topology.segments.indexOf(segmentOf(topology, segment))}`;
}

function switchPortOf(topology: Topology, node: string, port: number): string {
  return `port${topology.nodes.findIndex(({ name }) => name === node)}-${port}`;
}

function segmentOf(topology: Topology, name: string) {
  const segment = topology.segments.find((segment) => segment.name === name);
  if (segment === undefined) throw new Error(`there is no segment ${name}`);
  return segment;
}

function deviceOf(node: LabNode, segment: string): string {
  const index = node.ports.findIndex((port) => port.segment === segment);
  if (index < 0) throw new Error(`${node.name} has no port on ${segment}`);
  return `eth${index}`;
}
