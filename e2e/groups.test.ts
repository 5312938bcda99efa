import { expect, test } from "vitest";
import * as v from "valibot";
import { createWsConnector } from "../app/cli/ports/ws-connector.ts";
import { nodeRandom } from "../app/cli/ports/node-random.ts";
import { silentLog } from "../app/cli/ports/silent-log.ts";
import type { Clock, SocketConnector } from "../shared/chatkit/ports.ts";
import { MemorySource } from "../shared/chatkit/testing/memory-file-vault.ts";
import { FakePeers } from "../shared/chatkit/testing/peer-pair.ts";
import { idBytes } from "../shared/chatkit/trust/device-id.ts";
import {
  emptyMembership,
  encodeBase64,
  extendMembership,
  identityKeysOf,
  KEY_BYTES,
  membershipStatement,
  type Membership,
  type MembershipChange,
} from "../shared/crypto/index.ts";
import type { ConversationId } from "../shared/protocol/index.ts";
import { startTestServer, type TestServer } from "../rendezvous/testing/test-server.ts";
import { GroupDevice, hurriedClock } from "./support/group-device.ts";
import { LyingSockets } from "./support/lying-sockets.ts";

/** A server and people there, who are gone with the test. */
class Scene implements AsyncDisposable {
  readonly clock: Clock;
  readonly #server: TestServer;
  readonly #peers = new FakePeers();
  readonly #resources: AsyncDisposableStack;

  private constructor(server: TestServer, resources: AsyncDisposableStack) {
    this.#server = server;
    this.#resources = resources;
    this.clock = hurriedClock(server.clock.now());
  }

  static async begin(): Promise<Scene> {
    const resources = new AsyncDisposableStack();
    return new Scene(resources.use(await startTestServer()), resources);
  }

  /** The group's membership log, as the server has it. */
  statements(conversationId: ConversationId): Promise<readonly Uint8Array[]> {
    const page = { after: 0, until: 256, limit: 256, maxBytes: 1024 * 1024 };
    return this.#server.store.conversations.read(conversationId, page);
  }

  /** Of the group's MLS group, as the server has it. */
  async epoch(conversationId: ConversationId): Promise<number | undefined> {
    return (await this.#server.store.groups.find(conversationId))?.epoch;
  }

  async person(userName: string, sockets?: SocketConnector): Promise<GroupDevice> {
    return await this.#device(userName, userName, sockets).register();
  }

  /** One more device of somebody. */
  async deviceOf({ userName }: GroupDevice, deviceName: string): Promise<GroupDevice> {
    return await this.#device(userName, deviceName).signIn();
  }

  #device(userName: string, deviceName: string, sockets?: SocketConnector): GroupDevice {
    const { port } = this.#server;
    const device = new GroupDevice({
      userName,
      deviceName,
      port,
      peers: this.#peers,
      clock: this.clock,
      ...(sockets === undefined ? {} : { sockets }),
    });
    return this.#resources.use(device);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#resources.disposeAsync();
  }
}

/** Ada's group with all of them; they are her buddies, and nobody else's. */
async function founded(
  ada: GroupDevice,
  others: readonly GroupDevice[],
  options: { readonly announcements?: boolean } = {},
): Promise<ConversationId> {
  for (const other of others) await ada.befriend(other);
  const members = others.map(({ userId }) => userId);
  const { conversationId } = await ada.kit.groups.found({ name: "Harbour", members, ...options });
  for (const one of others) {
    await one.until("the group", () => one.group(conversationId)?.standing === "member");
  }
  return conversationId;
}

async function hears(one: GroupDevice, ...texts: readonly string[]): Promise<void> {
  await one.until(`hears ${texts.join()}`, () =>
    texts.every((text) => one.received.includes(text)),
  );
}

/** They all see the same people in it. */
async function agree(
  id: ConversationId,
  all: readonly GroupDevice[],
  names: readonly string[],
): Promise<void> {
  const expected = names.toSorted().join();
  for (const one of all) {
    await one.until(`sees ${expected}`, () => one.names(id).join() === expected);
  }
}

function unhindered(all: readonly GroupDevice[]): void {
  for (const one of all) {
    expect(new Set(one.received).size).toBe(one.received.length);
    const strange = one.notices.filter(({ kind }) => kind !== "own-devices-changed");
    expect(strange).toEqual([]);
  }
}

const minute = { timeout: 60_000 };

test(
  "G8, G10: everybody gets everybody's messages once; who was away gets them later",
  minute,
  async () => {
    await using scene = await Scene.begin();
    const ada = await scene.person("ada");
    const ben = await scene.person("ben");
    const cleo = await scene.person("cleo");
    const id = await founded(ada, [ben, cleo]);
    const all = [ada, ben, cleo];
    for (const one of all) await one.kit.send(id, `hello from ${one.userName}`);
    for (const one of all) {
      const others = all.filter((other) => other !== one);
      await hears(one, ...others.map(({ userName }) => `hello from ${userName}`));
    }
    await cleo.close();
    for (let n = 1; n <= 5; n++) await ada.kit.send(id, `ada ${n}`);
    for (let n = 1; n <= 5; n++) await ben.kit.send(id, `ben ${n}`);
    await hears(ben, "ada 5");
    await hears(ada, "ben 5");
    await cleo.restart();
    await hears(cleo, "ada 5", "ben 5");
    const five = [1, 2, 3, 4, 5];
    for (const name of ["ada", "ben"]) {
      const theirs = cleo.received.filter((text) => text.startsWith(`${name} `));
      expect(theirs).toEqual(five.map((n) => `${name} ${n}`));
    }
    unhindered(all);
    // The same history in the same order, what happened in the group included.
    const [first, ...rest] = await Promise.all(all.map((one) => one.history(id)));
    const ids = first?.map((message) => message.id);
    expect(first?.[0]?.body).toMatchObject({ type: "membership", change: "found" });
    for (const other of rest) expect(other.map((message) => message.id)).toEqual(ids);
    expect(cleo.kit.conversations.get(id)).toMatchObject({ title: "Harbour", unread: 12 });
  },
);

test("G9: delivered and read are told of each member, and of all", minute, async () => {
  await using scene = await Scene.begin();
  const ada = await scene.person("ada");
  const ben = await scene.person("ben");
  const cleo = await scene.person("cleo");
  const id = await founded(ada, [ben, cleo]);
  await ben.kit.send(id, "before");
  await hears(cleo, "before");
  await cleo.close();
  const { id: message } = await ada.kit.send(id, "who has it?");
  await hears(ben, "who has it?");
  const members = async (): Promise<ReadonlyMap<string, string>> => {
    const details = await ada.kit.details(message);
    return new Map(
      details?.members?.map(({ state, userId }) => [ada.kit.groups.nameOf(userId), state]),
    );
  };
  const told = (ben: string, cleo: string): ReadonlyMap<string, string> =>
    new Map([
      ["ben", ben],
      ["cleo", cleo],
    ]);
  const state = (): string | undefined =>
    ada.told.findLast((one) => one.id === message)?.delivery.state;
  await expect.poll(members).toEqual(told("delivered", "stored"));
  expect(state()).toBe("queued");
  await ben.kit.conversations.markRead(id);
  await expect.poll(members).toEqual(told("read", "stored"));
  const states: string[] = [];
  ada.kit.on("messageChanged", (one) => {
    if (one.id === message) states.push(one.delivery.state);
  });
  await cleo.restart();
  await ada.until("delivered to both", () => states.includes("delivered"));
  await cleo.kit.conversations.markRead(id);
  await ada.until("read by both", () => states.includes("read"));
  expect(await members()).toEqual(told("read", "read"));
  unhindered([ada, ben, cleo]);
});

test("G6: whoever was removed reads nothing after, and says so", minute, async () => {
  await using scene = await Scene.begin();
  const ada = await scene.person("ada");
  const ben = await scene.person("ben");
  const cleo = await scene.person("cleo");
  const id = await founded(ada, [ben, cleo]);
  await ada.kit.send(id, "with ben");
  await Promise.all([hears(ben, "with ben"), hears(cleo, "with ben")]);
  await cleo.close();
  // Written while he was in it, read by somebody who knows already that he is not.
  await ben.kit.send(id, "from ben");
  await hears(ada, "from ben");
  await ada.kit.groups.remove(id, [ben.userId]);
  await ben.until("removed", () => ben.group(id)?.standing === "removed");
  await ada.kit.send(id, "without ben");
  await cleo.restart();
  await hears(cleo, "from ben", "without ben");
  await cleo.kit.send(id, "nor this");
  await hears(ada, "nor this");
  await expect(ben.kit.send(id, "let me in")).rejects.toMatchObject({ reason: "not-permitted" });
  expect(ben.received).toEqual(["with ben"]);
  expect((await ben.history(id)).at(-1)?.body).toMatchObject({
    type: "membership",
    change: "remove",
    by: ada.userId,
    people: [ben.userId],
  });
  // He comes back by invitation, and reads what is said from then on.
  await ada.kit.groups.invite(id, [ben.userId]);
  await ben.until("back", () => ben.group(id)?.standing === "member");
  await ada.kit.send(id, "welcome back");
  await hears(ben, "welcome back");
  expect(ben.received).toEqual(["with ben", "welcome back"]);
  unhindered([ada, ben, cleo]);
});

test(
  "G5: whoever comes in sees the group's name at once, and what everybody calls themselves",
  minute,
  async () => {
    await using scene = await Scene.begin();
    const [ada, ben, cleo] = [
      await scene.person("ada"),
      await scene.person("ben"),
      await scene.person("cleo"),
    ];
    const id = await founded(ada, [ben]);
    const isNamed = (one: GroupDevice): boolean => one.group(id)?.about?.name === "Harbour";
    await ben.until("the name", () => isNamed(ben));
    await ada.befriend(cleo);
    await ada.kit.groups.invite(id, [cleo.userId]);
    await cleo.until("the name", () => isNamed(cleo));
    expect(cleo.kit.conversations.get(id)?.title).toBe("Harbour");
    await ada.kit.groups.remove(id, [ben.userId]);
    await ada.kit.groups.setAbout(id, { name: "Pier" });
    await cleo.until("the new name", () => cleo.group(id)?.about?.name === "Pier");
    await ben.until("out", () => ben.group(id)?.standing === "removed");
    expect(ben.group(id)?.about?.name).toBe("Harbour");
    await ada.kit.groups.invite(id, [ben.userId]);
    await ada.kit.groups.setAbout(id, { name: "Harbour" });
    await cleo.until("the old name", () => isNamed(cleo));
    // Ben is no buddy of Cleo's.
    await cleo.until("Ben's name", () => cleo.names(id).includes("ben"));
    const second = await scene.deviceOf(cleo, "second");
    await second.until("the group", () => second.names(id).length === 3);
    await ada.kit.send(id, "good morning");
    await second.until("the name", () => isNamed(second));
    for (const one of [ada, ben, cleo])
      expect(one.told.map(({ body }) => body.type)).not.toContain("greeting");
    unhindered([ada, ben, cleo, second]);
  },
);

test(
  "G6: whoever left is taken out of the keys by one of the others, whether anybody writes or not",
  minute,
  async () => {
    await using scene = await Scene.begin();
    const [ada, ben, cleo, dora] = [
      await scene.person("ada"),
      await scene.person("ben"),
      await scene.person("cleo"),
      await scene.person("dora"),
    ];
    const id = await founded(ada, [ben, cleo, dora]);
    await ada.kit.send(id, "hello");
    for (const one of [ben, cleo, dora]) await hears(one, "hello");
    const before = await scene.epoch(id);
    await ben.kit.groups.leave(id);
    await expect.poll(() => scene.epoch(id), { timeout: 20_000 }).toBe((before ?? 0) + 1);
    // The others see that it is done.
    await cleo.kit.send(id, "still here");
    for (const one of [ada, dora]) await hears(one, "still here");
    expect(await scene.epoch(id)).toBe((before ?? 0) + 1);
    unhindered([ada, ben, cleo, dora]);
  },
);

test("G3: changes at the same moment end in one state", minute, async () => {
  await using scene = await Scene.begin();
  const ada = await scene.person("ada");
  const ben = await scene.person("ben");
  const cleo = await scene.person("cleo");
  const dora = await scene.person("dora");
  await ben.befriend(dora);
  const id = await founded(ada, [ben, cleo]);
  await ada.kit.groups.setRole(id, ben.userId, "admin");
  await ben.until("an admin", () => ben.group(id)?.role === "admin");
  // He removes whom she makes an admin, and brings in another while she gives a new name.
  await Promise.allSettled([
    ada.kit.groups.setRole(id, cleo.userId, "admin"),
    ben.kit.groups.invite(id, [dora.userId]),
    ada.kit.groups.setAbout(id, { name: "Lighthouse" }),
    ben.kit.groups.configure(id, { membersInvite: true }),
    cleo.kit.groups.leave(id),
  ]);
  const all = [ada, ben, dora];
  await agree(id, all, ["ada", "ben", "dora"]);
  for (const one of all) await one.kit.send(id, `${one.userName} is here`);
  for (const one of all) {
    const others = all.filter((other) => other !== one);
    await hears(one, ...others.map(({ userName }) => `${userName} is here`));
    await one.until("the name", () => one.group(id)?.about?.name === "Lighthouse");
    expect(one.group(id)).toMatchObject({ membersInvite: true });
  }
  expect(cleo.group(id)).toMatchObject({ standing: "left" });
  expect(cleo.received).toEqual([]);
  unhindered([...all, cleo]);
});

test("G7: a link lets in whoever has it, and nobody after its end", minute, async () => {
  await using scene = await Scene.begin();
  const ada = await scene.person("ada");
  const ben = await scene.person("ben");
  const dora = await scene.person("dora");
  const eve = await scene.person("eve");
  const id = await founded(ada, [ben]);
  await ada.kit.send(id, "before dora");
  const link = await ada.kit.groups.makeLink(id, { expiresAt: scene.clock.now() + 3_600_000 });
  expect(await dora.kit.groups.preview(link)).toEqual({ about: { name: "Harbour" }, members: 2 });
  await dora.kit.groups.join(link);
  await agree(id, [ada, ben, dora], ["ada", "ben", "dora"]);
  await dora.kit.send(id, "hello, I am dora");
  await Promise.all([hears(ada, "hello, I am dora"), hears(ben, "hello, I am dora")]);
  await ben.kit.send(id, "hello dora");
  await hears(dora, "hello dora");
  // History is not for those who come later.
  expect(dora.received).toEqual(["hello dora"]);
  expect(ada.kit.groups.nameOf(dora.userId)).toBe("dora");
  await ada.kit.groups.endLink(id);
  await expect(eve.kit.groups.join(link)).rejects.toMatchObject({ reason: "group-link-invalid" });
  unhindered([ada, ben, dora]);
});

test(
  "G2: in a group of announcements others read and react, and only its admins write",
  minute,
  async () => {
    await using scene = await Scene.begin();
    const ada = await scene.person("ada");
    const ben = await scene.person("ben");
    const id = await founded(ada, [ben], { announcements: true });
    const { id: news } = await ada.kit.send(id, "the ferry is late");
    await hears(ben, "the ferry is late");
    await expect(ben.kit.send(id, "why?")).rejects.toMatchObject({ reason: "not-permitted" });
    await ben.kit.react(news, "😢");
    await ada.until("reacted to", () => ada.reactions(news).includes("😢"));
    await ada.kit.groups.setRole(id, ben.userId, "admin");
    await ben.until("an admin", () => ben.group(id)?.role === "admin");
    await ben.kit.send(id, "it is here now");
    await hears(ada, "it is here now");
    unhindered([ada, ben]);
  },
);

const ListFrame = v.looseObject({
  result: v.looseObject({ conversations: v.array(v.looseObject({ length: v.number() })) }),
});
const LogFrame = v.looseObject({
  result: v.looseObject({ statements: v.array(v.string()), length: v.number() }),
});

/** A server that shows one statement more, made up by itself, at the end of each log. */
function withForged(statement: Uint8Array): (frame: string) => string {
  const forged = encodeBase64(statement);
  return (frame) => {
    const value: unknown = JSON.parse(frame);
    if (v.is(ListFrame, value)) {
      const conversations = value.result.conversations.map((one) => ({
        ...one,
        length: one.length + 1,
      }));
      return JSON.stringify({ ...value, result: { ...value.result, conversations } });
    }
    if (!v.is(LogFrame, value)) return frame;
    const { length, statements } = value.result;
    const result = { ...value.result, statements: [...statements, forged], length: length + 1 };
    return JSON.stringify({ ...value, result });
  };
}

test("G1, G4: the server can make up no member's statement", minute, async () => {
  await using scene = await Scene.begin();
  const sockets = new LyingSockets(createWsConnector(silentLog));
  const ada = await scene.person("ada");
  const ben = await scene.person("ben");
  const cleo = await scene.person("cleo", sockets);
  const id = await founded(ada, [ben, cleo]);
  // The log as the server has it, and a statement that it would like Ada to have made.
  const statements = await scene.statements(id);
  const membership = statements.reduce<Membership>(
    (before, bytes) => extendMembership(before, bytes) ?? before,
    emptyMembership(idBytes(id)),
  );
  expect(membership.length).toBe(statements.length);
  const server = identityKeysOf(nodeRandom.bytes(KEY_BYTES));
  const change: MembershipChange = { type: "remove", members: [idBytes(cleo.userId)] };
  const actor = idBytes(ada.userId);
  const forged = membershipStatement(membership, server, actor, change, scene.clock.now());
  // It is one but for whose key that is.
  expect(extendMembership(membership, forged)?.members.size).toBe(2);
  sockets.lie = withForged(forged);
  await cleo.close();
  await cleo.restart();
  await cleo.until("told of it", () =>
    cleo.notices.some(({ kind }) => kind === "server-untrusted"),
  );
  expect(cleo.group(id)?.standing).toBe("member");
  expect(cleo.group(id)?.members).toHaveLength(3);
  sockets.lie = (frame) => frame;
  await cleo.kit.send(id, "still here");
  await Promise.all([hears(ada, "still here"), hears(ben, "still here")]);
});

test(
  "what people do with messages they do in groups: edit, recall, pin, answer, type, files",
  minute,
  async () => {
    await using scene = await Scene.begin();
    const ada = await scene.person("ada");
    const ben = await scene.person("ben");
    const cleo = await scene.person("cleo");
    const benAtHome = await scene.deviceOf(ben, "home");
    const id = await founded(ada, [ben, cleo]);
    const all = [ada, ben, cleo, benAtHome];
    await benAtHome.until("the group", () => benAtHome.group(id)?.standing === "member");
    const { id: typo } = await ben.kit.send(id, "helo");
    const { id: wrong } = await ben.kit.send(id, "not for you");
    for (const one of [ada, cleo, benAtHome]) {
      await one.until("both", () => one.told.some((message) => message.id === wrong));
    }
    await benAtHome.kit.edit(typo, "hello");
    await ben.kit.recall(wrong);
    await cleo.kit.pin(typo, true);
    for (const one of all) {
      await expect
        .poll(async () => (await one.kit.message(typo))?.body)
        .toMatchObject({ text: "hello" });
      await expect.poll(async () => (await one.kit.message(typo))?.pinnedAt).toBeDefined();
      await expect
        .poll(async () => (await one.kit.message(wrong))?.body)
        .toEqual({ type: "recalled" });
    }
    // Cleo is no buddy of Ben's: what she sends him waits in his mailbox, files too.
    const picture = Uint8Array.from({ length: 70_000 }, (_, n) => n % 251);
    const { id: file } = await cleo.kit.files.send(
      id,
      new MemorySource(picture, { name: "boat.bin", mediaType: "application/octet-stream" }),
    );
    for (const one of [ada, ben, benAtHome]) {
      await expect
        .poll(async () => (await one.kit.files.transfer(file))?.state, { timeout: 20_000 })
        .toBe("complete");
      const source = await one.kit.files.open(file);
      expect(await source.read(0, source.size)).toEqual(picture);
      await source.close();
    }
    await ben.kit.conversations.markRead(id);
    await benAtHome.until(
      "read on the other one",
      () => benAtHome.kit.conversations.get(id)?.unread === 0,
    );
    unhindered(all);
  },
);
