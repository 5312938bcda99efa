import { once } from "node:events";
import { createServer } from "node:http";
import { Socket } from "node:net";
import { pino } from "pino";
import type { IceOffer } from "../ice/ice-offer.ts";
import { noMetrics } from "../metrics.ts";
import { defaultRendezvousConfig, type RendezvousConfig } from "../rendezvous-config.ts";
import { createRendezvous } from "../server.ts";
import { openSqliteStore } from "../store/sqlite-store.ts";
import type { Store } from "../store/store.ts";
import { FakeClock } from "./fake-clock.ts";
import { TestClient } from "./test-client.ts";

/** A server on a free port of this machine, with a database in memory and a clock of its own. */
export interface TestServer extends AsyncDisposable {
  readonly port: number;
  readonly store: Store;
  readonly clock: FakeClock;
  /** The server's end of the newest connection. */
  readonly newestSocket: Socket;
  drain(): Promise<void>;
  recheckSessions(): void;
  register(userName: string): Promise<TestClient>;
  connect(): Promise<TestClient>;
  /** Two new accounts that are buddies; the events of becoming so are taken. */
  buddies(one: string, two: string): Promise<[TestClient, TestClient]>;
}

export async function startTestServer(
  config: Partial<RendezvousConfig> = {},
  ice?: IceOffer,
): Promise<TestServer> {
  const resources = new AsyncDisposableStack();
  const store = resources.use(await openSqliteStore(":memory:"));
  const clock = new FakeClock();
  const http = createServer();
  resources.defer(async () => {
    http.closeAllConnections();
    http.close();
    await once(http, "close");
  });
  const rendezvous = resources.use(
    createRendezvous({
      store,
      config: { ...defaultRendezvousConfig, ...config },
      log: pino({ level: "silent" }),
      metrics: noMetrics,
      clock,
      ...(ice === undefined ? {} : { ice }),
    }),
  );
  rendezvous.attach(http);
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  const address = http.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const { port } = address;
  let newestSocket = new Socket();
  http.on("connection", (socket) => {
    newestSocket = socket;
  });

  return {
    port,
    store,
    clock,
    get newestSocket() {
      return newestSocket;
    },
    drain: () => rendezvous.drain(),
    recheckSessions: () => rendezvous.recheckSessions(),
    async register(userName) {
      return resources.use(await TestClient.register(port, userName));
    },
    async connect() {
      return resources.use(await TestClient.connect(port));
    },
    async buddies(nameOne, nameTwo) {
      const one = resources.use(await TestClient.register(port, nameOne));
      const two = resources.use(await TestClient.register(port, nameTwo));
      await befriend(one, two);
      return [one, two];
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** Makes two people buddies, and takes the events of it. */
export async function befriend(one: TestClient, two: TestClient): Promise<void> {
  await one.request("roster.add", { userName: two.session.profile.userName });
  await two.event("roster.changed", ({ entry }) => entry.state === "pending");
  await two.request("roster.accept", { userId: one.userId });
  await one.event("roster.changed", ({ entry }) => entry.state === "requested");
  await one.event("roster.changed", ({ entry }) => entry.state === "buddies");
  await two.event("roster.changed", ({ entry }) => entry.state === "buddies");
}
