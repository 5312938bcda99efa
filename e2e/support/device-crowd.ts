import { join } from "node:path";
import * as v from "valibot";
import { WebSocket } from "ws";
import { systemClock } from "../../app/peer/system-clock.ts";
import { Connection } from "../../shared/chatkit/connection/connection.ts";
import type { Random, SocketConnector } from "../../shared/chatkit/ports.ts";
import { MemoryLog } from "../../shared/chatkit/testing/test-ports.ts";
import {
  decodeBase64,
  deviceProofMessage,
  encodeBase64,
  identityKeysOf,
  KEY_BYTES,
  sign,
  type IdentityKeys,
} from "../../shared/crypto/index.ts";
import { UserId, WEBSOCKET_PATH, type Presence, type Show } from "../../shared/protocol/index.ts";
import { randomId } from "../../rendezvous/random-id.ts";
import { deviceIdOf } from "../../rendezvous/sign-in/device-proof.ts";
import { openSqliteStore } from "../../rendezvous/store/sqlite-store.ts";
import type { RosterChange } from "../../rendezvous/store/store.ts";

const SESSION_MS = 60 * 60 * 1000;

/** Somebody with a device that has signed in before. */
export interface Seeded {
  readonly userId: UserId;
  readonly keys: IdentityKeys;
}

/**
 * Accounts with a device and a session each, in a database that no server has open yet. They stand in
 * a ring, and each is a buddy of the `buddies` next to it, half of them on either side.
 */
export async function seedCrowd(
  dataFolder: string,
  { count, buddies, random }: { count: number; buddies: number; random: Random },
): Promise<readonly Seeded[]> {
  await using store = await openSqliteStore(join(dataFolder, "beeline.db"));
  const now = Date.now();
  const crowd = await Promise.all(
    Array.from({ length: count }, async (_, index): Promise<Seeded> => {
      const userId = v.parse(UserId, randomId());
      const keys = identityKeysOf(random.bytes(KEY_BYTES));
      const userName = `person-${index}`;
      const account = { userId, userName, displayName: userName, credential: "none", now };
      await store.accounts.create(account);
      const deviceId = deviceIdOf(keys.publicKey);
      const device = { userId, deviceId, name: "d", publicKey: encodeBase64(keys.publicKey) };
      await store.devices.signIn({ ...device, now, sessionEnds: now + SESSION_MS }, 1);
      return { userId, keys };
    }),
  );
  const row = { state: "buddies", nickname: "", group: "", hideAddresses: false } as const;
  const changes = crowd.flatMap(({ userId: owner }, index) =>
    Array.from({ length: buddies / 2 }, (_, step) => crowd[(index + step + 1) % count]).flatMap(
      (next): RosterChange[] => {
        if (next === undefined) return [];
        const peer = next.userId;
        return [
          { type: "put", row: { ...row, owner, peer } },
          { type: "put", row: { ...row, owner: peer, peer: owner } },
        ];
      },
    ),
  );
  await store.roster.change(changes);
  return crowd;
}

/**
 * The engine's own connection, with its back-off and its sign-in by key, and what it was told of its
 * buddies' presence; nothing of the engine above that.
 */
export class CrowdDevice implements AsyncDisposable {
  readonly connection: Connection;
  /** Times that it was signed in. */
  sessions = 0;
  readonly #shown = new Map<UserId, Show>();

  constructor(
    { keys }: Seeded,
    { address, random, sockets }: { address: string; random: Random; sockets: SocketConnector },
  ) {
    this.connection = new Connection({
      url: `${address.replace("http", "ws")}${WEBSOCKET_PATH}`,
      ports: { clock: systemClock, random, sockets, log: new MemoryLog() },
      hello: (challenge) => ({
        name: "d",
        publicKey: encodeBase64(keys.publicKey),
        proof: encodeBase64(sign(keys, deviceProofMessage(decodeBase64(challenge)))),
        client: { name: "crowd", version: "0.1.0" },
        local: [],
      }),
    });
    this.connection.onSession(({ roster }) => {
      this.sessions += 1;
      this.#shown.clear();
      for (const { profile, presence } of roster) this.#shown.set(profile.userId, presence.show);
    });
    this.connection.onEvent("presence.changed", ({ userId, presence }) =>
      this.#show(userId, presence),
    );
  }

  get isOnline(): boolean {
    return this.connection.state.state === "online";
  }

  /** Buddies that are shown as online. */
  get buddiesOnline(): number {
    return [...this.#shown.values()].filter((show) => show === "online").length;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.connection.close();
  }

  #show(userId: UserId, { show }: Presence): void {
    this.#shown.set(userId, show);
  }
}

/** WebSockets that all come from one address, as a proxy before the server tells it. */
export function socketsFrom(address: string): SocketConnector {
  return {
    connect(url, subprotocol, handlers) {
      const headers = { "X-Forwarded-For": address };
      const socket = new WebSocket(url, subprotocol, { headers, perMessageDeflate: false });
      socket.on("open", () => handlers.onOpen());
      socket.on("message", (data: Buffer, isBinary) => {
        if (isBinary) handlers.onBinary(data);
        else handlers.onText(data.toString());
      });
      // "close" follows.
      socket.on("error", () => {});
      socket.on("close", (code, reason) => handlers.onClose(code, reason.toString()));
      return {
        send: (data) => socket.send(data),
        close: (code, reason) => socket.close(code, reason),
        get bufferedAmount() {
          return socket.bufferedAmount;
        },
      };
    },
  };
}
