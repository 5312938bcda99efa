import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import * as v from "valibot";
import { WebSocket } from "ws";
import {
  encodeBase64,
  identityKeysOf,
  KEY_BYTES,
  type IdentityKeys,
} from "../../shared/crypto/index.ts";
import { byPassword, byRegistration } from "../../shared/chatkit/connection/sign-in.ts";
import { opaquePasswords } from "../../shared/chatkit/connection/opaque-passwords.ts";
import { genesisFor } from "../../shared/chatkit/trust/own-list.ts";
import { bareOpaque } from "./bare-opaque.ts";
import type { Figure } from "./figure.ts";
import { Worker } from "./rpc.ts";
import { median } from "./statistics.ts";
import { startRendezvous } from "./start-rendezvous.ts";
import { benchHello, CHEAP_STRETCHING, WireClient } from "./wire-client.ts";

const REGISTRATIONS = 100;
const PASSWORD_SIGN_INS = 200;
const KEY_SIGN_INS = 400;
const AT_ONCE = 8;
const ROUNDS = 3;
const PASSWORD = "bench password";
const passwords = opaquePasswords(CHEAP_STRETCHING);

/**
 * Registrations and sign-ins of both kinds, per second of one core of the server, beside the bare
 * work of OPAQUE and bare connections. What clients do is not in it.
 */
export async function signIns(folder: string): Promise<Figure[]> {
  await using server = await startRendezvous(join(folder, "server"));
  await using forwarder = new Worker("raw-forwarder.ts");
  const port = await forwarder.call("start", {}, v.number());
  const { address, worker } = server;
  // One account each for what runs at once: the same device twice would replace itself.
  const lanes: Lane[] = [];
  for (let lane = 0; lane < AT_ONCE; lane++) {
    const keys = identityKeysOf(randomBytes(KEY_BYTES));
    const account = { userName: `lane-${lane}`, keys };
    await register(address, account);
    lanes.push(account);
  }

  const rates = { register: [], password: [], key: [], connect: [] } as Record<string, number[]>;
  const bare = { registrations: [], logins: [] } as Record<string, number[]>;
  const record = async (name: string, of: Worker, count: number, step: Step): Promise<void> => {
    rates[name]?.push(await perCpuSecond(of, lanes, count, step));
  };
  for (let round = 0; round < ROUNDS; round++) {
    const opaque = await bareOpaque(PASSWORD_SIGN_INS);
    bare["registrations"]?.push(opaque.registrationsPerSecond);
    bare["logins"]?.push(opaque.loginsPerSecond);
    await record("register", worker, REGISTRATIONS, async () => {
      const userName = `u-${randomBytes(8).toString("hex")}`;
      await register(address, { userName, keys: identityKeysOf(randomBytes(KEY_BYTES)) });
    });
    await record("password", worker, PASSWORD_SIGN_INS, (lane) => signIn(address, lane));
    await record("connect", forwarder, KEY_SIGN_INS, async () => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/all`, { perMessageDeflate: false });
      await once(socket, "open");
      socket.terminate();
    });
    await record("key", worker, KEY_SIGN_INS, async ({ keys }) => {
      const secretKey = encodeBase64(keys.secretKey);
      (await WireClient.resume(address, { secretKey })).socket.terminate();
    });
  }
  const middle = (name: string): number => median(rates[name] ?? []);
  const unit = "/s per core";
  return [
    {
      name: "registrations",
      value: middle("register"),
      unit,
      reference: { name: "bare OPAQUE registrations", value: median(bare["registrations"] ?? []) },
    },
    {
      name: "sign-ins by password",
      value: middle("password"),
      unit,
      reference: { name: "bare OPAQUE logins", value: median(bare["logins"] ?? []) },
    },
    {
      name: "sign-ins by key",
      value: middle("key"),
      unit,
      reference: { name: "bare ws connections", value: middle("connect") },
    },
  ];
}

interface Lane {
  readonly userName: string;
  readonly keys: IdentityKeys;
}

type Step = (lane: Lane) => Promise<void>;

async function register(address: string, { userName, keys }: Lane): Promise<void> {
  const client = await WireClient.connect(address);
  const last = await byRegistration({
    ...signingIn(userName, keys),
    genesis: (userId, passwordKeys) => genesisFor(userId, keys, passwordKeys, Date.now()),
  })((method, params) => client.request(method, params));
  await client.request(last.method, last.params);
  client.socket.terminate();
}

async function signIn(address: string, { userName, keys }: Lane): Promise<void> {
  const client = await WireClient.connect(address);
  const last = await byPassword(signingIn(userName, keys))((method, params) =>
    client.request(method, params),
  );
  await client.request(last.method, last.params);
  client.socket.terminate();
}

function signingIn(userName: string, keys: IdentityKeys): Parameters<typeof byPassword>[0] {
  return {
    userName,
    password: PASSWORD,
    passwords,
    hello: (challenge) => benchHello(keys, challenge),
    onPasswordKeys: () => {},
  };
}

async function perCpuSecond(
  worker: Worker,
  lanes: readonly Lane[],
  count: number,
  step: Step,
): Promise<number> {
  let left = count;
  const before = await worker.cpuSeconds();
  const run = async (lane: Lane): Promise<void> => {
    while (left > 0) {
      left--;
      await step(lane);
    }
  };
  await Promise.all(lanes.map(run));
  return count / ((await worker.cpuSeconds()) - before);
}
