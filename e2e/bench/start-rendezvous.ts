import { mkdir } from "node:fs/promises";
import * as v from "valibot";
import { Worker } from "./rpc.ts";
import { Seeded } from "./wire-client.ts";

export interface BenchServer extends AsyncDisposable {
  readonly address: string;
  seed(count: number, buddies: readonly (readonly [number, number])[]): Promise<Seeded[]>;
  readonly worker: Worker;
}

export async function startRendezvous(folder: string): Promise<BenchServer> {
  await mkdir(folder, { recursive: true });
  const worker = new Worker("rendezvous-worker.ts");
  const address = await worker.call("start", folder, v.string());
  return {
    address,
    seed: (count, buddies) => worker.call("seed", { count, buddies }, v.array(Seeded)),
    worker,
    [Symbol.asyncDispose]: () => worker[Symbol.asyncDispose](),
  };
}
