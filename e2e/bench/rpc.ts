import { fork, type ChildProcess } from "node:child_process";
import { cpuUsage, memoryUsage } from "node:process";
import * as v from "valibot";

/** What travels between the bench and its processes. */
const Call = v.object({ id: v.number(), op: v.string(), args: v.unknown() });
const Reply = v.variant("ok", [
  v.object({ ok: v.literal(true), id: v.number(), value: v.unknown() }),
  v.object({ ok: v.literal(false), id: v.number(), error: v.string() }),
]);
const Cast = v.object({ event: v.string(), payload: v.unknown() });

export type Operations = Record<string, (args: unknown) => unknown>;

/** Turns this process into one of the bench's: answers calls until the bench goes away. */
export function serve(operations: Operations): void {
  const all: Operations = { ...operations, cpuSeconds, heapBytes };
  process.on("message", (message: unknown) => {
    const { id, op, args } = v.parse(Call, message);
    Promise.resolve()
      .then(() => {
        const operation = all[op];
        if (operation === undefined) throw new Error(`no operation ${op}`);
        return operation(args);
      })
      .then(
        (value) => process.send?.({ ok: true, id, value }),
        (error: unknown) => process.send?.({ ok: false, id, error: String(error) }),
      );
  });
  process.on("disconnect", () => process.exit(0));
}

function cpuSeconds(): number {
  const { user, system } = cpuUsage();
  return (user + system) / 1e6;
}

function heapBytes(): number {
  globalThis.gc?.();
  return memoryUsage().heapUsed;
}

/** Tells the bench something it did not ask for. */
export function cast(event: string, payload: unknown): void {
  process.send?.({ event, payload });
}

/** One of the bench's processes, seen from the bench. */
export class Worker implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #handlers = new Map<string, (payload: unknown) => void>();
  #nextId = 1;

  /** @param script beside this file */
  constructor(script: string) {
    this.#child = fork(new URL(script, import.meta.url), {
      execArgv: ["--expose-gc"],
      serialization: "advanced",
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    this.#child.on("message", (message: unknown) => this.#receive(message));
    this.#child.on("exit", (code) => {
      for (const { reject } of this.#waiting.values()) {
        reject(new Error(`${script} ended with ${code ?? "a signal"}`));
      }
      this.#waiting.clear();
    });
  }

  on(event: string, handler: (payload: unknown) => void): void {
    this.#handlers.set(event, handler);
  }

  async call<const S extends v.GenericSchema>(
    op: string,
    args: unknown,
    result: S,
  ): Promise<v.InferOutput<S>> {
    const id = this.#nextId++;
    const answer = Promise.withResolvers<unknown>();
    this.#waiting.set(id, answer);
    this.#child.send({ id, op, args });
    return v.parse(result, await answer.promise);
  }

  /** CPU time that the process has used so far. */
  cpuSeconds(): Promise<number> {
    return this.call("cpuSeconds", {}, v.number());
  }

  /** Heap in use after a collection. */
  heapBytes(): Promise<number> {
    return this.call("heapBytes", {}, v.number());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.kill("SIGKILL");
    await ended;
  }

  #receive(message: unknown): void {
    if (v.is(Cast, message)) {
      this.#handlers.get(message.event)?.(message.payload);
      return;
    }
    const reply = v.parse(Reply, message);
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (reply.ok) waiting?.resolve(reply.value);
    else waiting?.reject(new Error(reply.error));
  }
}
