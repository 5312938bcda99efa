import * as v from "valibot";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  encodeLinkControl,
  ExaminationMessage,
  isLinkControl,
  type DeviceId,
  type RoutePolicy,
  type UserId,
} from "../../protocol/index.ts";
import { openFromPair, pairKey, sealForPair } from "../../crypto/index.ts";
import type { Examination } from "../api.ts";
import { EXAMINATION_MS, MAX_EXAMINED, REPORT_EVERY_MS, TALK_AT_ONCE } from "../limits.ts";
import type { Link, LinkPeer } from "../link.ts";
import { routeRule } from "../routes/route-rule.ts";
import { FakeClock, flushMicrotasks } from "../testing/fake-clock.ts";
import { linkKeysOf, LinkWorld, type LinkNode } from "../testing/link-world.ts";
import { FakePeers } from "../testing/peer-pair.ts";
import { deviceIdOf, userIdOf } from "../testing/test-ids.ts";
import { seededRandom } from "../testing/test-ports.ts";
import { idBytes } from "../trust/device-id.ts";
import { Examiner } from "./examiner.ts";
import { Surveyor } from "./survey.ts";

let clock: FakeClock;
let world: LinkWorld;
let peers: FakePeers;
let doctors: Doctor[];

beforeEach(() => {
  clock = new FakeClock();
  world = new LinkWorld(clock);
  peers = new FakePeers();
  doctors = [];
});

afterEach(async () => {
  for (const { examiner } of doctors) examiner.close();
  await world.dispose();
});

/** A device whose only buddies are the other devices of this test. */
class Doctor {
  readonly node: LinkNode;
  readonly examiner: Examiner;
  readonly policies = new Map<UserId, RoutePolicy>();
  readonly absent = new Set<DeviceId>();
  /** Devices that are shown as there, and are not. */
  readonly strangers = new Map<UserId, readonly LinkPeer[]>();
  /** Surveys that were asked for. */
  surveys = 0;

  private constructor(node: LinkNode, hasWebRtc: boolean) {
    this.node = node;
    const { connection, links, log, peer } = node;
    const n = idBytes(peer.deviceId)[0] ?? 0;
    const ports = { clock, random: seededRandom(100 + n), log, ...(hasWebRtc ? { peers } : {}) };
    const surveyor = new Surveyor({
      connection,
      ports,
      iceServers: () => [],
      multicast: () => "none",
    });
    const own = (userId: UserId): RoutePolicy => this.policies.get(userId) ?? "automatic";
    // Both know of each other's policies.
    const theirs = (userId: UserId): RoutePolicy =>
      doctors.find((one) => one.node.peer.userId === userId)?.policies.get(peer.userId) ??
      "automatic";
    node.rule = ({ userId }) => routeRule(own(userId), theirs(userId));
    this.examiner = new Examiner({
      ports,
      identity: linkKeysOf(n),
      deviceId: () => peer.deviceId,
      connection,
      directory: {
        self: peer,
        devicesOf: (userId) =>
          this.strangers.get(userId) ??
          doctors.map((one) => one.node.peer).filter((one) => one.userId === userId),
        isOnline: (device) => !this.absent.has(device),
        permits: (userId, device) => node.permits(userId, device),
        publicKeyOf: ({ deviceId }) => linkKeysOf(idBytes(deviceId)[0] ?? 0).publicKey,
      },
      links,
      routes: { of: (userId) => ({ userId, own: own(userId), theirs: theirs(userId) }) },
      surveyor,
    });
    const survey = surveyor.survey.bind(surveyor);
    surveyor.survey = (policy) => {
      this.surveys += 1;
      return survey(policy);
    };
  }

  static async make(n: number, hasWebRtc = true): Promise<Doctor> {
    const made = new Doctor(await world.add(n, hasWebRtc ? peers : undefined), hasWebRtc);
    doctors.push(made);
    return made;
  }

  get peer(): LinkPeer {
    return this.node.peer;
  }

  /** What `examine` finds, and after how long. */
  async examines(other: Doctor): Promise<{ readonly found: Examination; readonly ms: number }> {
    const start = clock.monotonic();
    const ended = { yes: false };
    const asked = this.examiner.examine(other.peer.userId).finally(() => {
      ended.yes = true;
    });
    await flushMicrotasks();
    while (!ended.yes && clock.monotonic() - start < 2 * EXAMINATION_MS) {
      await clock.advance(50);
    }
    const [found] = await asked;
    if (found === undefined) throw new Error("nothing was examined");
    return { found, ms: clock.monotonic() - start };
  }
}

/** Two devices that want each other. */
async function two(): Promise<readonly [Doctor, Doctor]> {
  const [ada, ben] = [await Doctor.make(1), await Doctor.make(2)];
  ada.node.links.setWanted([ben.peer]);
  ben.node.links.setWanted([ada.peer]);
  return [ada, ben];
}

const surveyed = { server: { state: "ok" }, udp: "none", turn: "none", multicast: "none" } as const;

test("X1 both ends tell of their networks, and both ways are tried", async () => {
  const [ada, ben] = await two();
  const { found, ms } = await ada.examines(ben);
  expect(found).toMatchObject({
    ...ben.peer,
    own: { ...surveyed, policy: "automatic" },
    theirs: { ...surveyed, policy: "automatic" },
    direct: {
      state: "ok",
      roundTripMs: 0,
      pair: { local: "host", remote: "host", protocol: "udp" },
    },
    relay: { state: "ok", roundTripMs: 0 },
    findings: ["ok"],
  });
  expect(ms).toBeLessThan(1_000);
  expect((await ben.examines(ada)).found.findings).toEqual(["ok"]);
});

test("X1 without a direct link the relay carries the question, and the attempt is waited for", async () => {
  const [ada, ben] = await two();
  peers.blocked = true;
  const { found, ms } = await ada.examines(ben);
  expect(found).toMatchObject({
    theirs: surveyed,
    direct: { state: "failed" },
    relay: { state: "ok" },
    findings: ["nat-without-turn"],
  });
  expect(ms).toBeLessThan(EXAMINATION_MS);
});

test("X1 a direct link that failed before is tried anew at once", async () => {
  const [ada, ben] = await two();
  peers.blocked = true;
  await clock.advance(60_000);
  await ben.examines(ada);
  peers.blocked = false;
  await clock.advance(REPORT_EVERY_MS);
  // Whoever has the greater id can only ask the other one to offer.
  const { found, ms } = await ben.examines(ada);
  expect(found.direct).toMatchObject({ state: "ok" });
  expect(ms).toBeLessThan(2_000);
});

test("X1 it ends in time where the other end says nothing at all", async () => {
  const ada = await Doctor.make(1);
  const mute = await Doctor.make(2);
  mute.examiner.close();
  mute.node.links.close();
  const { found, ms } = await ada.examines(mute);
  expect(found).not.toHaveProperty("theirs");
  expect(found).toMatchObject({ direct: { state: "failed" }, relay: { state: "failed" } });
  expect(found.findings).toEqual(["peer-silent"]);
  expect(ms).toBeLessThanOrEqual(EXAMINATION_MS);
});

test("X1 an older program answers no question: what can be tried is told", async () => {
  const [ada, ben] = await two();
  ben.examiner.close();
  const { found, ms } = await ada.examines(ben);
  expect(found).not.toHaveProperty("theirs");
  expect(found).toMatchObject({
    direct: { state: "ok" },
    relay: { state: "ok" },
    findings: ["ok"],
  });
  expect(ms).toBeLessThanOrEqual(EXAMINATION_MS);
});

test("X1 nobody there, or no server: this end alone, at once", async () => {
  const [ada, ben] = [await Doctor.make(1), await Doctor.make(2)];
  ada.absent.add(ben.peer.deviceId);
  const alone = await ada.examines(ben);
  expect(alone.found).toMatchObject({ ...ben.peer, own: surveyed, findings: ["peer-offline"] });
  expect(alone.ms).toBe(0);
  const nobody = await ada.examiner.examine(userIdOf(9));
  expect(nobody).toMatchObject([{ deviceId: ada.peer.deviceId, findings: ["peer-offline"] }]);

  ada.absent.clear();
  await ada.node.connection.close();
  const away = await ada.examines(ben);
  expect(away.found).toMatchObject({ own: { server: { state: "down" } } });
  expect(away.found.findings).toEqual(["own-server-down"]);
});

test("X1 without the server, whoever is linked is examined over that link", async () => {
  const [ada, ben] = await two();
  await clock.advance(1_000);
  await ada.node.connection.close();
  const { found } = await ada.examines(ben);
  expect(found).toMatchObject({
    own: { server: { state: "down" } },
    theirs: surveyed,
    direct: { state: "ok" },
    relay: { state: "failed" },
  });
  expect(found.findings).toEqual(["own-server-down"]);
});

test("X2 a device without WebRTC is examined by relay", async () => {
  const [ada, ben] = [await Doctor.make(1), await Doctor.make(2, false)];
  ada.node.links.setWanted([ben.peer]);
  const { found } = await ada.examines(ben);
  expect(found).toMatchObject({ theirs: { udp: "no-webrtc" }, direct: { state: "failed" } });
  expect(found.findings).toEqual(["peer-no-webrtc"]);
  expect((await ben.examines(ada)).found).toMatchObject({
    direct: { state: "no-webrtc" },
    findings: ["own-no-webrtc"],
  });
});

test("X6 what a policy forbids is not tried: no direct link, and no relay", async () => {
  const [ada, ben] = [await Doctor.make(1), await Doctor.make(2)];
  ada.policies.set(ben.peer.userId, "relay-only");
  ada.node.links.setWanted([ben.peer]);
  ben.node.links.setWanted([ada.peer]);
  const relayed = await ada.examines(ben);
  expect(relayed.found).toMatchObject({
    direct: { state: "forbidden" },
    relay: { state: "ok" },
    theirs: { policy: "automatic" },
    findings: ["own-policy"],
  });
  expect(relayed.ms).toBeLessThan(1_000);
  expect((await ben.examines(ada)).found).toMatchObject({
    theirs: { policy: "relay-only" },
    findings: ["peer-policy"],
  });
  expect(peers.channels).toEqual([]);

  ada.policies.set(ben.peer.userId, "direct-only");
  for (const { node } of [ada, ben]) {
    node.links.routesChanged(ada.peer.userId);
    node.links.routesChanged(ben.peer.userId);
  }
  await clock.advance(REPORT_EVERY_MS);
  const opened = world.server.count("relay.open");
  const direct = await ada.examines(ben);
  expect(direct.found).toMatchObject({
    direct: { state: "ok" },
    relay: { state: "forbidden" },
    theirs: surveyed,
    findings: ["ok"],
  });
  expect(world.server.count("relay.open")).toBe(opened);
});

test("X3 a device is told once in a while; who asks again waits, and is told then", async () => {
  const [ada, ben] = await two();
  await ada.examines(ben);
  const before = ben.surveys;
  const again = await ada.examines(ben);
  expect(again.found.theirs).toMatchObject(surveyed);
  expect(again.ms).toBeGreaterThan(REPORT_EVERY_MS - 1_000);
  expect(ben.surveys).toBe(before + 1);
});

test("X1 no more than so many devices of one person are examined at a time", async () => {
  const ada = await Doctor.make(1);
  const userId = userIdOf(50);
  const many = Array.from({ length: MAX_EXAMINED + 1 }, (_, n) => ({
    userId,
    deviceId: deviceIdOf(51 + n),
  }));
  ada.strangers.set(userId, many);
  const examined = ada.examiner.examine(userId);
  await clock.advance(EXAMINATION_MS);
  expect((await examined).map(({ deviceId }) => deviceId)).toEqual(
    many.slice(0, MAX_EXAMINED).map(({ deviceId }) => deviceId),
  );
});

test("a second call while one is under way is answered with it", async () => {
  const [ada, ben] = await two();
  const first = ada.examiner.examine(ben.peer.userId);
  const second = ada.examiner.examine(ben.peer.userId);
  await clock.advance(1_000);
  expect(await second).toBe(await first);
  expect(ben.surveys).toBe(1);
});

test("closing ends an examination", async () => {
  const [ada, ben] = await two();
  peers.blocked = true;
  const ended = expect(ada.examiner.examine(ben.peer.userId)).rejects.toMatchObject({
    reason: "closed",
  });
  await clock.advance(10);
  ada.examiner.close();
  await ended;
});

test("measuring pings what is open, and opens nothing", async () => {
  const [ada, ben] = await two();
  await ada.examiner.measure(ben.peer.userId);
  await clock.advance(1_000);
  const { links } = ada.node;
  const pinged: string[] = [];
  const ping = links.ping.bind(links);
  links.ping = (link) => {
    pinged.push(link.kind);
    return ping(link);
  };
  await ada.examiner.measure(ben.peer.userId);
  expect(pinged).toEqual(["direct"]);
  expect(world.server.count("relay.open")).toBe(0);
  await links.relay(ben.peer);
  await ada.examiner.measure(ben.peer.userId);
  expect(pinged).toEqual(["direct", "direct", "relay"]);
});

const PURPOSE = new TextEncoder().encode("beeline examination v1\0");

/** Seals as `from` does for `to`; the test holds all keys. */
function sealed(from: LinkPeer, to: LinkPeer, text: string, purpose = PURPOSE): Uint8Array {
  const key = keyOf(from, to);
  const nonce = seededRandom(text.length + 1).bytes(24);
  return sealForPair(key, nonce, about(from, to, purpose), new TextEncoder().encode(text));
}

function keyOf(from: LinkPeer, to: LinkPeer): Uint8Array {
  const [own = 0, other = 0] = [from, to].map(({ deviceId }) => idBytes(deviceId)[0] ?? 0);
  const key = pairKey(linkKeysOf(own), linkKeysOf(other).publicKey);
  if (key === undefined) throw new Error("no key");
  return key;
}

function about(from: LinkPeer, to: LinkPeer, purpose = PURPOSE): Uint8Array {
  return Uint8Array.of(...purpose, ...idBytes(from.deviceId), ...idBytes(to.deviceId));
}

const Report = v.object({ survey: v.looseObject({}) });

const question = JSON.stringify({ version: 1, type: "examine", id: "q" });

/** Ada's open link to Ben, and a way to hand frames over it without her examiner. */
async function linked(): Promise<readonly [Doctor, Doctor, Link]> {
  const [ada, ben] = await two();
  await clock.advance(1_000);
  const link = ada.node.links.direct(ben.peer.deviceId);
  if (link === undefined) throw new Error("no link");
  return [ada, ben, link];
}

test("X5 a question that is the device's is answered; what is anything else is not", async () => {
  const [ada, ben, link] = await linked();
  const eve = { userId: userIdOf(3), deviceId: deviceIdOf(3) };
  const good = sealed(ada.peer, ben.peer, question);
  const bad: Record<string, Uint8Array> = {
    "another device's": sealed(eve, ben.peer, question),
    "for another device": sealed(ada.peer, eve, question),
    "turned round": sealed(ben.peer, ada.peer, question),
    "for another purpose": sealed(ada.peer, ben.peer, question, new TextEncoder().encode("x\0")),
    changed: Uint8Array.from(good, (byte, at) => (at === good.length - 1 ? byte ^ 1 : byte)),
    empty: new Uint8Array(0),
    "of another kind": new Uint8Array(100).fill(7),
    "no JSON": sealed(ada.peer, ben.peer, "{"),
    "no message": sealed(ada.peer, ben.peer, "[]"),
    "a later version's": sealed(ada.peer, ben.peer, question.replace("1", "2")),
    "an unknown type": sealed(ada.peer, ben.peer, question.replace("examine", "operate")),
    "too long an id": sealed(ada.peer, ben.peer, question.replace('"q"', `"${"q".repeat(65)}"`)),
    "too large": sealed(ada.peer, ben.peer, question + " ".repeat(5_000)),
  };
  for (const [what, frame] of Object.entries(bad)) {
    link.send(encodeLinkControl({ type: "sealed", sealed: frame }));
    await clock.advance(REPORT_EVERY_MS);
    expect([what, ben.surveys]).toEqual([what, 0]);
  }
  link.send(encodeLinkControl({ type: "sealed", sealed: good }));
  await clock.advance(1);
  expect(ben.surveys).toBe(1);
});

test("X5 unknown fields are ignored", async () => {
  const [ada, ben, link] = await linked();
  const later = JSON.stringify({ version: 1, type: "examine", id: "q", depth: "deep" });
  link.send(encodeLinkControl({ type: "sealed", sealed: sealed(ada.peer, ben.peer, later) }));
  await clock.advance(1);
  expect(ben.surveys).toBe(1);
});

test("X5 nobody but buddies is listened to, and what floods is not opened", async () => {
  const [ada, ben, link] = await linked();
  const asks = (): void =>
    link.send(encodeLinkControl({ type: "sealed", sealed: sealed(ada.peer, ben.peer, question) }));
  ben.node.permits = () => false;
  asks();
  await clock.advance(1);
  expect(ben.surveys).toBe(0);
  ben.node.permits = () => true;
  const garbage = encodeLinkControl({ type: "sealed", sealed: new Uint8Array(64).fill(2) });
  for (let n = 0; n < TALK_AT_ONCE; n += 1) link.send(garbage);
  asks();
  await clock.advance(1);
  expect(ben.surveys).toBe(0);
  await clock.advance(1_000);
  asks();
  await clock.advance(1);
  expect(ben.surveys).toBe(1);
});

test("X5 a report counts for its question and from its device alone", async () => {
  const [ada, ben, link] = await linked();
  const eve = await Doctor.make(3);
  ben.examiner.close();
  const questions: string[] = [];
  ben.node.links.onControl((_, bytes) => {
    const opened = openFromPair(keyOf(ben.peer, ada.peer), about(ada.peer, ben.peer), bytes);
    questions.push(v.parse(ExaminationMessage, JSON.parse(new TextDecoder().decode(opened))).id);
  });
  const survey = {
    server: { state: "down" },
    udp: "blocked",
    turn: "none",
    multicast: "none",
    policy: "automatic",
  };
  const back = ben.node.links.direct(ada.peer.deviceId);
  const evesWay = await eve.node.links.relay(ada.peer);
  const examined = ada.examiner.examine(ben.peer.userId);
  await clock.advance(10);
  const [id = ""] = questions;
  const report = (of: string, more = {}): string =>
    JSON.stringify({ version: 1, type: "report", id: of, survey: { ...survey, ...more } });
  const tell = (from: Doctor, way: Link | undefined, text: string): void =>
    way?.send(encodeLinkControl({ type: "sealed", sealed: sealed(from.peer, ada.peer, text) }));
  tell(eve, evesWay, report(id));
  tell(ben, back, report("another"));
  tell(ben, back, report(id, { udp: "maybe" }));
  tell(ben, back, report(id, { server: { state: "ok", roundTripMs: -1 } }));
  await clock.advance(10);
  tell(ben, back, report(id, { udp: "ok", weather: "fine" }));
  await clock.advance(10);
  const [found] = await examined;
  expect(found?.theirs).toEqual({ ...survey, udp: "ok" });
  expect(link.kind).toBe("direct");
});

test("X5 nothing of it can be read on the way, and no address is in it", async () => {
  const [ada, ben] = await two();
  await clock.advance(1_000);
  const texts: string[] = [];
  ada.node.links.onControl((_, bytes) => {
    expect(new TextDecoder().decode(bytes)).not.toContain("report");
    const opened = openFromPair(keyOf(ada.peer, ben.peer), about(ben.peer, ada.peer), bytes);
    texts.push(new TextDecoder().decode(opened));
  });
  await ada.examines(ben);
  expect(texts).toHaveLength(1);
  const { survey } = v.parse(Report, JSON.parse(texts[0] ?? ""));
  expect(Object.keys(survey).toSorted()).toEqual(["multicast", "policy", "server", "turn", "udp"]);
  expect(texts[0]).not.toMatch(/\d+\.\d+\.\d+\.\d+|::/);
  expect(ada.node.frames.filter(({ frame }) => isLinkControl(frame))).toEqual([]);
});
