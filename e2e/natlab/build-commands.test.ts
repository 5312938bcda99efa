import { describe, expect, it } from "vitest";
import { buildCommands, cableCommand, readdressCommands } from "./build-commands.ts";
import { SCENARIOS } from "./scenarios.ts";
import { homes, lan, slowSubnets } from "./sites.ts";
import type { Topology } from "./topology.ts";

const namespaceOf = (node: string) => `ns-${node}`;

function built(topology: Topology): readonly string[] {
  return buildCommands(topology, namespaceOf).map((command) => command.join(" "));
}

describe("a LAN", () => {
  const commands = built(lan({}));

  it("is a bridge, and a cable to it from each node", () => {
    expect(commands).toContain("ip -n ns-switch link add bridge0 type bridge");
    expect(commands).toContain(
      "ip link add eth0 netns ns-ada type veth peer name port1-0 netns ns-switch",
    );
    expect(commands).toContain("ip -n ns-switch link set port1-0 master bridge0 mtu 1500 up");
    expect(commands).toContain("ip -n ns-ada address add 192.168.1.2/24 dev eth0");
  });

  it("has no way out", () => {
    expect(commands.some((command) => command.includes("route add"))).toBe(false);
  });
});

it.each(SCENARIOS)("$name never touches the host's own network", ({ topology }) => {
  const allowed = [
    /^ip netns add ns-\w+$/,
    /^ip netns exec ns-\w+ (sysctl|nft) /,
    /^ip -n ns-\w+ /,
    /^tc -n ns-\w+ /,
    /^ip link add \S+ netns ns-\w+ type veth peer name \S+ netns ns-switch$/,
  ];
  for (const command of built(topology)) {
    expect(allowed.some((pattern) => pattern.test(command))).toBe(true);
  }
});

it("an MTU holds for both ends of every cable and for the bridge", () => {
  const commands = built(lan({ mtu: 1280 }));
  expect(commands.filter((command) => command.includes("mtu 1280"))).toHaveLength(1 + 3 * 2);
});

it("isolated ports hear neither each other nor are they heard", () => {
  const commands = built(lan({ ada: { isolated: true }, ben: { isolated: true } }));
  const isolated = commands.filter((command) => command.endsWith("bridge_slave isolated on"));
  expect(isolated.map((command) => command.split(" ")[5])).toEqual(["port1-0", "port2-0"]);
});

it("a slow cable is slow both ways", () => {
  const commands = built(lan({ ben: { shape: { bitsPerSecond: 1_000_000 } } }));
  expect(commands.filter((command) => command.startsWith("tc "))).toEqual([
    "tc -n ns-ben qdisc add dev eth0 root tbf rate 1000000bit burst 16384 latency 400ms",
    "tc -n ns-switch qdisc add dev port2-0 root tbf rate 1000000bit burst 16384 latency 400ms",
  ]);
});

it("hosts whose UDP a program hands on use the ports on which it listens", () => {
  const commands = built(slowSubnets());
  const range = "net.ipv4.ip_local_port_range=40000 40127";
  expect(commands).toContain(`ip netns exec ns-ada sysctl -qw ${range}`);
  expect(commands).not.toContain(`ip netns exec ns-router sysctl -qw ${range}`);
});

it("no address of a link comes later than the link", () => {
  const commands = built(lan({}));
  const first = commands.findIndex((command) => command.includes("type veth"));
  const dad = commands.findIndex((command) => /ns-ada sysctl.*accept_dad=0/.test(command));
  expect(dad).toBeGreaterThanOrEqual(0);
  expect(dad).toBeLessThan(first);
});

it("an IPv6 address is used at once, and its routes are IPv6's", () => {
  const topology: Topology = {
    segments: [{ name: "lan" }],
    nodes: [
      {
        name: "ada",
        ports: [{ segment: "lan", addresses: ["fd00::2/64"] }],
        routes: [{ to: "default", via: "fd00::1" }],
      },
    ],
  };
  const commands = built(topology);
  expect(commands).toContain("ip -n ns-ada address add fd00::2/64 dev eth0 nodad");
  expect(commands).toContain("ip -n ns-ada -6 route add default via fd00::1");
});

it("only routers pass on", () => {
  const commands = built(homes([{ people: ["ada"], nat: "cone" }], { publicPeople: ["ben"] }));
  const forwarding = commands.filter((command) => command.includes("ip_forward=1"));
  expect(forwarding).toEqual(["ip netns exec ns-router1 sysctl -qw net.ipv4.ip_forward=1"]);
});

it("a cable is pulled at the switch", () => {
  expect(cableCommand(lan({}), "ben", namespaceOf, "down").join(" ")).toBe(
    "ip -n ns-switch link set port2-0 down",
  );
});

it("another address brings the routes with it", () => {
  const routes = [{ to: "default", via: "10.0.0.254" }];
  const commands = readdressCommands("ns-ben", ["10.0.0.2/24"], ["10.0.0.9/24"], routes);
  expect(commands.map((command) => command.join(" "))).toEqual([
    "ip -n ns-ben address del 10.0.0.2/24 dev eth0",
    "ip -n ns-ben address add 10.0.0.9/24 dev eth0",
    "ip -n ns-ben -4 route add default via 10.0.0.254",
  ]);
});

it("a segment that is not there is a mistake in the scenario", () => {
  const nodes = [{ name: "ada", ports: [{ segment: "lam", addresses: [] }] }];
  expect(() => built({ segments: [{ name: "lan" }], nodes })).toThrow("no segment lam");
});
