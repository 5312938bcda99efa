/** The rendezvous server in a process of the bench's, with ways to fill it quickly. */
import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { join } from "node:path";
import pino from "pino";
import * as v from "valibot";
import { noMetrics } from "../../rendezvous/metrics.ts";
import { randomId } from "../../rendezvous/random-id.ts";
import { defaultRendezvousConfig } from "../../rendezvous/rendezvous-config.ts";
import { createRendezvous } from "../../rendezvous/server.ts";
import { deviceIdOf } from "../../rendezvous/sign-in/device-proof.ts";
import { openSqliteStore } from "../../rendezvous/store/sqlite-store.ts";
import type { RosterChange, Store } from "../../rendezvous/store/store.ts";
import { encodeBase64, identityKeysOf, KEY_BYTES } from "../../shared/crypto/index.ts";
import { UserId } from "../../shared/protocol/index.ts";
import { serve } from "./rpc.ts";
import type { Seeded } from "./wire-client.ts";

let store: Store | undefined;

function opened(): Store {
  if (store === undefined) throw new Error("not started");
  return store;
}

serve({
  async start(args) {
    const folder = v.parse(v.string(), args);
    store = await openSqliteStore(join(folder, "beeline.db"));
    const http = createServer();
    const unlimited = Number.MAX_SAFE_INTEGER;
    const free = { burst: unlimited, perSecond: unlimited };
    const rendezvous = createRendezvous({
      store,
      // What limits a single client would limit the bench, which plays hundreds from one address.
      config: {
        ...defaultRendezvousConfig,
        requestsPerSecond: unlimited,
        requestBurst: unlimited,
        relayBytesPerSecond: unlimited,
        relayBurstBytes: unlimited,
        registrationBurst: unlimited,
        signInAttemptsPerAddress: unlimited,
        allowances: {
          announcements: free,
          deviceStatements: free,
          groupBytes: free,
          keyPackages: free,
          mailboxBytes: free,
          memberships: free,
          reads: free,
          rosterRequests: free,
          signals: free,
        },
      },
      log: pino({ level: "warn" }),
      metrics: noMetrics,
    });
    rendezvous.attach(http);
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
    const { port } = v.parse(v.object({ port: v.number() }), http.address());
    return `http://127.0.0.1:${port}`;
  },

  /**
   * Accounts with a device and a session each, written straight into the store: registering a
   * thousand is another figure. `buddies` are pairs of indices.
   */
  async seed(args) {
    const { count, buddies } = v.parse(
      v.object({ count: v.number(), buddies: v.array(v.tuple([v.number(), v.number()])) }),
      args,
    );
    const now = Date.now();
    const prefix = randomBytes(4).toString("hex");
    const seeded = await Promise.all(
      Array.from({ length: count }, async (_, index): Promise<Seeded> => {
        const userId = v.parse(UserId, randomId());
        const userName = `${prefix}-${index}`;
        const { publicKey, secretKey } = identityKeysOf(randomBytes(KEY_BYTES));
        const deviceId = deviceIdOf(publicKey);
        await opened().accounts.create({
          userId,
          userName,
          displayName: userName,
          credential: "none",
          now,
        });
        const device = { userId, deviceId, name: "bench", publicKey: encodeBase64(publicKey) };
        await opened().devices.signIn({ ...device, now, sessionEnds: now + 3_600_000 }, 1);
        return { userId, deviceId, secretKey: encodeBase64(secretKey) };
      }),
    );
    const changes = buddies.flatMap(([a, b]): RosterChange[] => {
      const one = seeded[a]?.userId;
      const two = seeded[b]?.userId;
      if (one === undefined || two === undefined) throw new RangeError("no such index");
      const row = { state: "buddies", nickname: "", group: "", hideAddresses: false } as const;
      return [
        { type: "put", row: { ...row, owner: one, peer: two } },
        { type: "put", row: { ...row, owner: two, peer: one } },
      ];
    });
    await opened().roster.change(changes);
    return seeded;
  },
});
