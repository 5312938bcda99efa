import type { DeviceId, UserId } from "../../protocol/index.ts";
import type { IdentityKeys } from "../../crypto/index.ts";
import { Connection } from "../connection/connection.ts";
import type { Link, LinkCloseReason, LinkPeer } from "../link.ts";
import { LinkManager } from "../links/link-manager.ts";
import { ANY_ROUTE, type RouteRule } from "../routes/route-rule.ts";
import type { Clock, IceServer, PeerConnector } from "../ports.ts";
import { idBytes } from "../trust/device-id.ts";
import { testIdentity } from "./device-logs.ts";
import { FakeClock, flushMicrotasks } from "./fake-clock.ts";
import type { LinkSide } from "./link-contract.ts";
import { ScriptedServer } from "./scripted-server.ts";
import { deviceIdOf, userIdOf } from "./test-ids.ts";
import { MemoryLog, seededRandom, testHello } from "./test-ports.ts";

/** One device of a `LinkWorld`, signed in, with its links. */
export interface LinkNode {
  readonly peer: LinkPeer;
  readonly connection: Connection;
  readonly links: LinkManager;
  readonly log: MemoryLog;
  readonly frames: { readonly link: Link; readonly frame: Uint8Array }[];
  readonly opened: Link[];
  readonly closed: { readonly link: Link; readonly reason: LinkCloseReason }[];
  readonly drained: Link[];
  /** From whom forged descriptions seemed to come. */
  readonly forged: LinkPeer[];
  /** Whom this device's roster permits; everybody unless the test says otherwise. */
  permits: (userId: UserId, deviceId: DeviceId) => boolean;
  /** Which ways are open; all unless the test says otherwise. */
  rule: (peer: LinkPeer) => RouteRule;
  /** STUN and TURN servers of its next attempts. */
  iceServers: readonly IceServer[];
  /** Who seemed not to know of a route policy. */
  readonly forbidden: LinkPeer[];
}

const keys = new Map<number, IdentityKeys>();

/** The keys of device `n` of any `LinkWorld`. */
export function linkKeysOf(n: number): IdentityKeys {
  const known = keys.get(n) ?? testIdentity(n, 1);
  keys.set(n, known);
  return known;
}

/** Devices 1, 2, … around one scripted server. Smaller numbers have smaller ids. */
export class LinkWorld {
  readonly clock: Clock;
  readonly server: ScriptedServer;
  readonly #nodes: LinkNode[] = [];

  constructor(clock: Clock = new FakeClock()) {
    this.clock = clock;
    this.server = new ScriptedServer(clock);
  }

  async add(n: number, peers?: PeerConnector): Promise<LinkNode> {
    const peer = { userId: userIdOf(n), deviceId: deviceIdOf(n) };
    const log = new MemoryLog();
    const ports = { clock: this.clock, random: seededRandom(n), sockets: this.server.sockets, log };
    const connection = new Connection({ url: "ws://test/ws", ports, hello: testHello(n) });
    const links = new LinkManager({
      connection,
      ports: { ...ports, ...(peers === undefined ? {} : { peers }) },
      deviceId: () => peer.deviceId,
      policy: {
        permits: (userId, deviceId) => node.permits(userId, deviceId),
        rule: (to) => node.rule(to),
        // Test ids are made of their number.
        publicKeyOf: ({ deviceId }) => linkKeysOf(idBytes(deviceId)[0] ?? 0).publicKey,
      },
      identity: linkKeysOf(n),
      onForged: (from) => node.forged.push(from),
      onForbidden: (from) => node.forbidden.push(from),
      iceServers: () => node.iceServers,
    });
    const node: LinkNode = {
      peer,
      connection,
      links,
      log,
      frames: [],
      opened: [],
      closed: [],
      drained: [],
      forged: [],
      forbidden: [],
      permits: () => true,
      rule: () => ANY_ROUTE,
      iceServers: [],
    };
    links.onFrame((link, frame) => node.frames.push({ link, frame }));
    links.onDirectOpen((link) => node.opened.push(link));
    links.onClose((link, reason) => node.closed.push({ link, reason }));
    links.onDrain((link) => node.drained.push(link));
    this.#nodes.push(node);
    this.server.grant(n);
    connection.resume();
    await flushMicrotasks();
    return node;
  }

  async dispose(): Promise<void> {
    for (const { links } of this.#nodes) links.close();
    await flushMicrotasks();
    await Promise.all(this.#nodes.map(({ connection }) => connection.close()));
  }
}

/** What one node saw of one of its links. */
export function sideOf(node: LinkNode, link: Link): LinkSide {
  const frames: Uint8Array[] = [];
  const closed: LinkCloseReason[] = [];
  let drains = 0;
  node.links.onFrame((of, frame) => {
    if (of === link) frames.push(frame);
  });
  node.links.onClose((of, reason) => {
    if (of === link) closed.push(reason);
  });
  node.links.onDrain((of) => {
    if (of === link) drains += 1;
  });
  return { link, frames, closed, drains: () => drains };
}

/** Runs the fake clock on until the condition holds, for 10 of its seconds at most. */
export async function runUntil(clock: FakeClock, condition: () => boolean): Promise<void> {
  for (let step = 0; step < 500; step += 1) {
    if (condition()) return;
    await clock.advance(20);
  }
  throw new Error("the condition did not come about");
}
