import { argon2, randomBytes } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import { promisify } from "node:util";
import * as v from "valibot";
import { WebSocket } from "ws";
import type { DeviceId } from "../../shared/protocol/index.ts";
import { defaultRendezvousConfig } from "../../rendezvous/rendezvous-config.ts";
import type { Figure } from "./figure.ts";
import { Worker } from "./rpc.ts";
import { median } from "./statistics.ts";
import { startRendezvous } from "./start-rendezvous.ts";
import { benchDevice, type Seeded, WireClient } from "./wire-client.ts";

const PASSWORD_SIGN_INS = 40;
const RESUMPTIONS = 400;
const AT_ONCE = 8;
const ROUNDS = 3;
const hash = promisify(argon2);

/** Sign-ins by password beside bare password hashes, resumptions beside bare connections. */
export async function signIns(folder: string): Promise<Figure[]> {
  await using server = await startRendezvous(join(folder, "server"));
  await using forwarder = new Worker("raw-forwarder.ts");
  const port = await forwarder.call("start", {}, v.number());
  // One account each for what runs at once: the same device twice would replace itself.
  const seeded = await server.seed(AT_ONCE, []);
  const credential = { type: "password", password: "bench password" } as const;
  const accounts = await Promise.all(
    seeded.map(async (resumed, lane) => {
      const client = await WireClient.connect(server.address);
      const userName = `bench-${lane}`;
      const device = benchDevice;
      const { deviceId } = await client.request("account.register", {
        userName,
        credential,
        device,
      });
      client.socket.terminate();
      return { userName, deviceId, resumed };
    }),
  );

  const rates = { password: [], hash: [], resume: [], connect: [] } as Record<string, number[]>;
  const record = async (name: string, count: number, step: Step): Promise<void> => {
    rates[name]?.push(await perSecond(accounts, count, step));
  };
  const { memoryKiB, passes, parallelism } = defaultRendezvousConfig.argon2;
  for (let round = 0; round < ROUNDS; round++) {
    await record("hash", PASSWORD_SIGN_INS, async () => {
      await hash("argon2id", {
        message: "bench password",
        nonce: randomBytes(16),
        parallelism,
        tagLength: 32,
        memory: memoryKiB,
        passes,
      });
    });
    await record("password", PASSWORD_SIGN_INS, async ({ userName, deviceId }) => {
      const client = await WireClient.connect(server.address);
      await client.request("session.signIn", {
        userName,
        credential,
        device: { ...benchDevice, deviceId },
      });
      client.socket.terminate();
    });
    await record("connect", RESUMPTIONS, async () => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/all`, { perMessageDeflate: false });
      await once(socket, "open");
      socket.terminate();
    });
    await record("resume", RESUMPTIONS, async ({ resumed }) => {
      (await WireClient.resume(server.address, resumed)).socket.terminate();
    });
  }
  const middle = (name: string): number => median(rates[name] ?? []);
  return [
    {
      name: "sign-ins by password",
      value: middle("password"),
      unit: "sign-ins/s",
      reference: { name: "bare Argon2id", value: middle("hash") },
    },
    {
      name: "sessions resumed",
      value: middle("resume"),
      unit: "sign-ins/s",
      reference: { name: "bare ws connections", value: middle("connect") },
    },
  ];
}

interface Account {
  readonly userName: string;
  readonly deviceId: DeviceId;
  readonly resumed: Seeded;
}

type Step = (account: Account) => Promise<void>;

async function perSecond(accounts: readonly Account[], count: number, step: Step): Promise<number> {
  let left = count;
  const started = performance.now();
  const lane = async (account: Account): Promise<void> => {
    while (left > 0) {
      left--;
      await step(account);
    }
  };
  await Promise.all(accounts.map(lane));
  return (count * 1000) / (performance.now() - started);
}
