import { randomBytes } from "node:crypto";
import { join } from "node:path";
import * as v from "valibot";
import { randomId } from "../../rendezvous/random-id.ts";
import {
  decodeBase64,
  emptyMembership,
  encodeBase64,
  groupConversationBytes,
  identityKeysOf,
  membershipStatement,
} from "../../shared/crypto/index.ts";
import {
  ConversationId,
  decodeId,
  encodeId,
  ID_BYTES,
  MessageId,
  type DeviceId,
} from "../../shared/protocol/index.ts";
import type { Figure } from "./figure.ts";
import { startRendezvous } from "./start-rendezvous.ts";
import { WireClient, type Seeded } from "./wire-client.ts";

const MEMBERS = 500;
const SENDERS = 20;
const MESSAGES_PER_SENDER = 50;
const IN_FLIGHT = 2;
/** A short text under MLS. */
const SEALED_BYTES = 420;

/**
 * A group of 500, everybody online: 20 of them write 50 messages each, all at once. Every device
 * fetches and acknowledges what comes. What is in the messages is sealed by nobody: it is the server
 * that is measured.
 */
export async function group(folder: string): Promise<Figure[]> {
  await using server = await startRendezvous(join(folder, "server"));
  const star = Array.from({ length: MEMBERS - 1 }, (_, index) => [0, index + 1] as const);
  const users = await server.seed(MEMBERS, star);
  const clients = await Promise.all(users.map((user) => WireClient.resume(server.address, user)));
  const [founder] = clients;
  if (founder === undefined) throw new RangeError("nobody");
  const conversationId = await found(founder, users);

  const expected = SENDERS * MESSAGES_PER_SENDER * (MEMBERS - 1);
  const got = { once: 0, again: 0 };
  const all = Promise.withResolvers<void>();
  const settled = clients.map((client) =>
    receive(client, (isNew) => {
      if (isNew) got.once += 1;
      else got.again += 1;
      if (got.once === expected) all.resolve();
    }),
  );
  const cpuBefore = await server.worker.cpuSeconds();
  const started = performance.now();
  const devices = users.map(({ deviceId }) => deviceId);
  const sending = clients
    .slice(0, SENDERS)
    .map((client, index) => send(client, conversationId, devices.toSpliced(index, 1)));
  await Promise.all([all.promise, ...sending]);
  await Promise.all(settled.map((done) => done()));
  const seconds = (performance.now() - started) / 1000;
  const cpuSeconds = (await server.worker.cpuSeconds()) - cpuBefore;
  for (const { socket } of clients) socket.terminate();
  return [
    {
      name: `${SENDERS * MESSAGES_PER_SENDER} messages by ${SENDERS} of a group of ${MEMBERS} at once: ${expected - got.once} lost, ${got.again} doubled`,
      value: expected - got.once + got.again,
      unit: `of ${expected.toLocaleString("en")}`,
      goal: { bound: "at most", limit: 0, of: "value" },
    },
    {
      name: "the same, kept, fetched and acknowledged, for each core of the server",
      value: expected / cpuSeconds,
      unit: "deliveries/s",
    },
    {
      name: "the same, with all 500 clients in one process beside it",
      value: expected / seconds,
      unit: "deliveries/s",
    },
  ];
}

/** The first of them founds it with all others. */
async function found(founder: WireClient, users: readonly Seeded[]): Promise<ConversationId> {
  const [first, ...others] = users;
  if (first === undefined) throw new RangeError("nobody");
  const nonce = randomBytes(16);
  const founderId = idBytes(first.userId);
  const bytes = groupConversationBytes(founderId, nonce);
  const conversationId = v.parse(ConversationId, encodeId(bytes));
  const statement = membershipStatement(
    emptyMembership(bytes),
    identityKeysOf(decodeBase64(first.secretKey)),
    founderId,
    {
      type: "found",
      nonce,
      settings: { announcements: false, membersInvite: false },
      members: others.map(({ userId }) => idBytes(userId)),
    },
    Date.now(),
  );
  await founder.request("conversation.found", {
    conversationId,
    statement: encodeBase64(statement),
  });
  return conversationId;
}

async function send(
  client: WireClient,
  conversationId: ConversationId,
  devices: readonly DeviceId[],
): Promise<void> {
  const sealed = randomBytes(SEALED_BYTES).toString("base64");
  let sequence = 0;
  const lane = async (): Promise<void> => {
    while (sequence < MESSAGES_PER_SENDER) {
      sequence += 1;
      const after = sequence - 1;
      const { outcomes } = await client.request("mailbox.post", {
        id: v.parse(MessageId, randomId()),
        conversationId,
        sequence,
        to: devices.map((deviceId) => ({ deviceId, after })),
        sealed,
      });
      if (outcomes.some(({ outcome }) => outcome !== "stored")) throw new Error("not stored");
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
}

/** Fetches and acknowledges whenever something has come. @returns waits until nothing is under way */
function receive(client: WireClient, came: (isNew: boolean) => void): () => Promise<void> {
  const seen = new Set<string>();
  let running: Promise<void> | undefined;
  let isMore = false;
  const fetchAll = async (): Promise<void> => {
    do {
      isMore = false;
      const { items, more } = await client.request("mailbox.fetch", { after: 0 });
      for (const { from, id } of items) {
        const key = `${from.deviceId} ${id}`;
        came(!seen.has(key));
        seen.add(key);
      }
      if (items.length === 0) continue;
      const positions = items.map(({ position }) => position);
      await client.request("mailbox.acknowledge", { positions });
      isMore ||= more;
    } while (isMore);
  };
  client.on("mailbox.arrived", () => {
    isMore = true;
    running ??= fetchAll().finally(() => {
      running = undefined;
    });
  });
  return async () => running;
}

function idBytes(id: string): Uint8Array {
  const bytes = new Uint8Array(ID_BYTES);
  decodeId(id, bytes);
  return bytes;
}
