import { randomBytes } from "node:crypto";
import { nodeCrypto } from "../../app/cli/ports/native-crypto.ts";
import {
  createKeyPackage,
  identityKeysOf,
  MlsGroup,
  useNativeCrypto,
  type MlsIdentity,
  type MlsSuite,
  type OwnKeyPackage,
} from "../../shared/crypto/index.ts";
import { limits } from "../../shared/protocol/index.ts";
import type { Figure } from "./figure.ts";
import { median } from "./statistics.ts";

const SIZES = [2, 50, 200, 500];
/** Devices added by one commit, as the app does it. */
const BATCH = 64;
const MESSAGES = 300;
const PLAINTEXT = new Uint8Array(100);
const ADDITIONAL = new Uint8Array(24);
const IN_TIME = { lastResort: false, notBefore: 0, notAfter: 1e12 };
const policy = { admits: async () => true };

/**
 * What MLS costs, by suite and by devices in the group, in the worst state that a group of that size
 * is in without blanks of removed members: everybody was added by the same device, nobody else has
 * made a commit. By OpenSSL, as Node has it. Messages beside bare signatures, since each is one.
 */
export async function mls(): Promise<Figure[]> {
  useNativeCrypto(nodeCrypto);
  const figures: Figure[] = [];
  const bare = bareSignatures();
  for (const suite of ["classic", "hybrid"] satisfies MlsSuite[]) {
    for (const size of SIZES) figures.push(...(await groupCosts(suite, size, bare)));
  }
  return figures;
}

type Bare = Readonly<Record<"sign" | "verify", number>>;

async function groupCosts(suite: MlsSuite, size: number, bare: Bare): Promise<Figure[]> {
  const figures: Figure[] = [];
  const note = (name: string, value: number, unit: string, rest: Partial<Figure> = {}) =>
    figures.push({ name: `mls ${suite}, ${size} devices: ${name}`, value, unit, ...rest });
  const bytes = (name: string, value: number) =>
    note(name, value, "bytes", {
      goal: { bound: "at most", limit: limits.MAX_GROUP_MESSAGE_BYTES, of: "value" },
    });

  const keyPackages: { identity: MlsIdentity; own: OwnKeyPackage }[] = [];
  const made = await timed(async () => {
    for (let index = 1; index < size; index += 1) {
      const identity = newIdentity();
      keyPackages.push({ identity, own: await createKeyPackage(identity, suite, IN_TIME) });
    }
  });
  note("key package", made.ms / (size - 1), "ms");

  const groupId = randomBytes(16);
  let group = await MlsGroup.create({ identity: newIdentity(), policy, groupId, suite });
  let welcome = new Uint8Array(0);
  let commitBytes = 0;
  const added = await timed(async () => {
    for (let index = 0; index < keyPackages.length; index += BATCH) {
      const batch = keyPackages.slice(index, index + BATCH);
      const add = batch.map(({ own }) => own.keyPackage);
      const pending = await group.commit({ add, remove: [] });
      pending.next.takeOver(group);
      group = pending.next;
      welcome = Uint8Array.from(pending.welcome ?? []);
      commitBytes = Math.max(commitBytes, pending.commit.length);
    }
  });
  note("create and add all", added.ms, "ms");
  bytes("largest commit that adds", commitBytes);
  bytes("welcome", welcome.length);

  const last = keyPackages.at(-1);
  if (last === undefined) throw new RangeError("a group of one");
  const joined = await timed(() =>
    MlsGroup.join({ identity: last.identity, policy, welcome, keyPackage: last.own }),
  );
  note("join", joined.ms, "ms");
  const other = joined.result;
  note("records of a new epoch", recordBytes(group), "bytes");
  other.takeRecords();

  const sealed: Uint8Array[] = [];
  await passMessages(group, other, 50);
  const sealing = await timed(async () => {
    for (let index = 0; index < MESSAGES; index += 1) {
      sealed.push(await group.seal(PLAINTEXT, ADDITIONAL));
    }
  });
  const opening = await timed(async () => {
    for (const message of sealed) await other.open(message);
  });
  const reference = (name: keyof Bare) => ({
    reference: { name: `bare ${name}`, value: bare[name] },
  });
  note("seal", (MESSAGES / sealing.ms) * 1000, "messages/s", reference("sign"));
  note("open", (MESSAGES / opening.ms) * 1000, "messages/s", reference("verify"));
  note("sealed 100 bytes", sealed[0]?.length ?? 0, "bytes");
  other.takeRecords();
  await passMessages(group, other, 1);
  note("records of a message", recordBytes(other), "bytes");

  const committed = await timed(() => group.commit({ add: [], remove: [] }));
  note("commit", committed.ms, "ms");
  bytes("commit, and nobody else has made one", committed.result.commit.length);
  const processed = await timed(() => other.process(committed.result.commit));
  note("process a commit", processed.ms, "ms");
  const { groupInfo } = committed.result;
  bytes("group info", groupInfo.length);
  const outside = await timed(() =>
    MlsGroup.joinExternal({ identity: newIdentity(), policy, groupInfo }),
  );
  note("external join", outside.ms, "ms");
  bytes("external commit", outside.result.commit.length);
  return figures;
}

async function passMessages(from: MlsGroup, to: MlsGroup, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    await to.open(await from.seal(PLAINTEXT, ADDITIONAL));
  }
}

function recordBytes(group: MlsGroup): number {
  return [...group.takeRecords().values()].reduce((sum, record) => sum + (record?.length ?? 0), 0);
}

function newIdentity(): MlsIdentity {
  return { userId: randomBytes(16), keys: identityKeysOf(randomBytes(32)) };
}

/** Ed25519 by OpenSSL alone, per second, one after the other. */
function bareSignatures(): Bare {
  const { publicKey, secretKey } = identityKeysOf(randomBytes(32));
  const signature = nodeCrypto.sign(secretKey, PLAINTEXT);
  const rate = (step: () => unknown) => {
    const rounds: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      const start = performance.now();
      for (let index = 0; index < MESSAGES; index += 1) step();
      rounds.push((MESSAGES / (performance.now() - start)) * 1000);
    }
    return median(rounds);
  };
  return {
    sign: rate(() => nodeCrypto.sign(secretKey, PLAINTEXT)),
    verify: rate(() => nodeCrypto.verify(publicKey, PLAINTEXT, signature)),
  };
}

async function timed<Result>(
  step: () => Promise<Result>,
): Promise<{ readonly ms: number; readonly result: Result }> {
  const start = performance.now();
  const result = await step();
  return { ms: performance.now() - start, result };
}
