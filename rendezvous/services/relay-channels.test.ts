import { once } from "node:events";
import { Socket } from "node:net";
import { expect, test } from "vitest";
import * as v from "valibot";
import { WebSocket, WebSocketServer } from "ws";
import { DeviceId, limits, ProtocolError, UserId } from "../../shared/protocol/index.ts";
import { Connection } from "../connection/connection.ts";
import { Flusher } from "../connection/flusher.ts";
import { Member } from "../connection/member.ts";
import { PeerSocket } from "../connection/peer-socket.ts";
import { TokenBucket } from "../connection/token-bucket.ts";
import { randomId } from "../random-id.ts";
import { RelayBudget } from "./relay-budgets.ts";
import { RelayChannels, type RelayEnd } from "./relay-channels.ts";

/** A channel's number is 16 bits, and 0 is none. */
const NUMBERS = 0xffff;

/** The server's end of a connection; the devices here have one together, and send nothing by it. */
async function connected(): Promise<Connection & AsyncDisposable> {
  const server = new WebSocketServer({ port: 0, WebSocket: PeerSocket });
  await once(server, "listening");
  const { port } = v.parse(v.object({ port: v.number() }), server.address());
  const client = new WebSocket(`ws://127.0.0.1:${port}`);
  const opened = once(client, "open");
  const ws = await new Promise<unknown>((resolve) => server.once("connection", resolve));
  await opened;
  if (!(ws instanceof PeerSocket)) throw new TypeError("another kind of socket");
  const connection = new Connection({
    ws,
    socket: new Socket(),
    address: { address: "192.0.2.1", port: 1 },
    bucket: new TokenBucket({ perSecond: 1, burst: 1 }, 0),
    host: { flusher: new Flusher(), now: 0, left: () => {} },
  });
  return Object.assign(connection, {
    async [Symbol.asyncDispose](): Promise<void> {
      client.terminate();
      await once(ws, "close");
      server.close();
      await once(server, "close");
    },
  });
}

function newMember(connection: Connection): Member {
  return new Member({
    connection,
    userId: v.parse(UserId, randomId()),
    deviceId: v.parse(DeviceId, randomId()),
    client: { name: "test", version: "1" },
    local: [],
  });
}

/** Both ends of a channel between two connections. */
function join(mine: RelayChannels, me: Member, theirs: RelayChannels, them: Member): RelayEnd {
  const here = mine.add(me, them.deviceId);
  here.peer = theirs.add(them, me.deviceId);
  here.peer.peer = here;
  return here;
}

function newChannels(): RelayChannels {
  return new RelayChannels(new RelayBudget(0));
}

test("B2 a connection has so many channels, and room for another when one was closed", async () => {
  await using connection = await connected();
  const me = newMember(connection);
  const mine = newChannels();
  const ends = Array.from({ length: limits.MAX_RELAY_CHANNELS }, () =>
    join(mine, me, newChannels(), newMember(connection)),
  );
  expect(mine.openCount).toBe(limits.MAX_RELAY_CHANNELS);
  expect(() => mine.check()).toThrow(ProtocolError);
  expect(() => join(mine, me, newChannels(), newMember(connection))).toThrow(
    "Too many relay channels",
  );
  const [first] = ends;
  if (first !== undefined) mine.close(first, 0);
  expect(join(mine, me, newChannels(), newMember(connection)).number).not.toBe(first?.number);
});

test("B2 the numbers of closed channels are not given again for a while, and never run out unseen", async () => {
  await using connection = await connected();
  const me = newMember(connection);
  const them = newMember(connection);
  const mine = newChannels();
  const numbers = new Set<number>();
  for (let count = 0; count < NUMBERS; count++) {
    const end = join(mine, me, newChannels(), them);
    numbers.add(end.number);
    mine.close(end, 0);
  }
  expect(numbers.size).toBe(NUMBERS);
  expect(numbers.has(0)).toBe(false);
  expect(() => join(mine, me, newChannels(), them)).toThrow("Too many relay channels");
  mine.sweep(29_999);
  expect(() => mine.check()).toThrow(ProtocolError);
  mine.sweep(30_000);
  expect(join(mine, me, newChannels(), them).number).toBeGreaterThan(0);
});
