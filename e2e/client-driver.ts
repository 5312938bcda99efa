import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import * as v from "valibot";
import type { RoutePolicy } from "../shared/protocol/index.ts";
import { ChatMessage, ClientEvent, ClientLink, Reply, Sent, type Command } from "./client-wire.ts";
import { EventLog } from "./event-log.ts";

const MAIN = fileURLToPath(new URL("client-process.ts", import.meta.url));

const Line = v.union([ClientEvent, Reply]);

export interface ClientOptions {
  readonly server: string;
  /** A client started again on the same folder is the same device. */
  readonly dataFolder: string;
  /** Goes before the command, e.g. `["ip", "netns", "exec", "NAME"]`; none unless given. */
  readonly prefix?: readonly string[];
  /** It announces itself on the local network; in tests that is the machine's own. */
  readonly lan?: boolean;
  /** Where to note what it tells, after what an earlier process told. */
  readonly log?: EventLog;
}

/** A real client in a process of its own. */
export class Client implements AsyncDisposable {
  readonly #log: EventLog;
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #replies = new Map<number, PromiseWithResolvers<unknown>>();
  #lastId = 0;

  constructor({
    server,
    dataFolder,
    prefix = [],
    lan = false,
    log = new EventLog(),
  }: ClientOptions) {
    this.#log = log;
    const [program = process.execPath, ...args] = [
      ...[...prefix, process.execPath],
      ...[MAIN, server, dataFolder, ...(lan ? ["lan"] : [])],
    ];
    this.#child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
    createInterface({ input: this.#child.stdout }).on("line", (line) => this.#take(line));
    // A process that has ended takes no more: the calls that wait are told below.
    this.#child.stdin.on("error", () => undefined);
    this.#child.once("exit", () => {
      for (const reply of this.#replies.values()) reply.reject(new Error("the client has ended"));
      this.#replies.clear();
    });
  }

  /** Everything that it told, in order. */
  get events(): readonly ClientEvent[] {
    return this.#log.events;
  }

  async register(userName: string, password: string): Promise<void> {
    await this.#call({ command: "register", userName, password });
  }

  async signIn(userName: string, password: string): Promise<void> {
    await this.#call({ command: "signIn", userName, password });
  }

  /** False where no session is saved. */
  async restore(userName: string): Promise<boolean> {
    return v.parse(v.boolean(), await this.#call({ command: "restore", userName }));
  }

  async add(userName: string): Promise<void> {
    await this.#call({ command: "add", userName });
  }

  async accept(userName: string): Promise<void> {
    await this.#call({ command: "accept", userName });
  }

  /** Resolves once the message is queued. */
  async send(to: string, text: string): Promise<Sent> {
    return v.parse(Sent, await this.#call({ command: "send", to, text }));
  }

  async history(userName: string, limit: number): Promise<readonly ChatMessage[]> {
    const found = await this.#call({ command: "history", with: userName, limit });
    return v.parse(v.array(ChatMessage), found);
  }

  async links(): Promise<readonly ClientLink[]> {
    return v.parse(v.array(ClientLink), await this.#call({ command: "links" }));
  }

  async setRoute(userName: string, policy: RoutePolicy): Promise<void> {
    await this.#call({ command: "setRoute", userName, policy });
  }

  async cutDirect(): Promise<void> {
    await this.#call({ command: "cutDirect" });
  }

  async restoreDirect(): Promise<void> {
    await this.#call({ command: "restoreDirect" });
  }

  /** Received messages, in the order they were told. */
  get received(): readonly ChatMessage[] {
    return this.events.flatMap((event) => (event.event === "message" ? [event.message] : []));
  }

  /** As `EventLog.until`. */
  until: EventLog["until"] = (what, find, options) => this.#log.until(what, find, options);

  /** Leaves in good order. Idempotent. */
  async close(): Promise<void> {
    if (this.#ended) return;
    const ended = once(this.#child, "exit");
    await this.#call({ command: "close" });
    await ended;
  }

  /** Ends the process without a chance to finish anything. */
  async kill(): Promise<void> {
    if (this.#ended) return;
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  get #ended(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  #call(command: Command): Promise<unknown> {
    if (this.#ended) return Promise.reject(new Error("the client has ended"));
    this.#lastId += 1;
    const reply = Promise.withResolvers<unknown>();
    this.#replies.set(this.#lastId, reply);
    this.#child.stdin.write(`${JSON.stringify({ id: this.#lastId, command })}\n`);
    return reply.promise;
  }

  #take(line: string): void {
    const said = v.parse(Line, JSON.parse(line));
    if ("event" in said) {
      this.#log.add(said);
      return;
    }
    const reply = this.#replies.get(said.id);
    this.#replies.delete(said.id);
    if ("error" in said) reply?.reject(new Error(`${said.error.reason}: ${said.error.message}`));
    else reply?.resolve(said.result);
  }
}
