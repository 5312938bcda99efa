import type { RoutePolicy } from "../../shared/protocol/index.ts";
import { Client, type ClientOptions } from "../client-driver.ts";
import type { ChatMessage, ClientEvent, ClientLink, Sent } from "../client-wire.ts";
import { EventLog } from "../event-log.ts";

/** Until a request is through, on the slowest of networks. */
const PATIENCE_MS = 45_000;

/** What the lab asks of a client, whatever it runs in. */
export interface LabClient extends AsyncDisposable {
  /** Everything that it told, in order, also before it was started again. */
  readonly events: readonly ClientEvent[];
  /** Received messages, in the order they were told. */
  readonly received: readonly ChatMessage[];
  readonly until: EventLog["until"];
  register(userName: string, password: string): Promise<void>;
  add(userName: string): Promise<void>;
  /** Waits for the request, and accepts it. */
  accept(userName: string): Promise<void>;
  /** Resolves when both may talk. */
  isBuddy(userName: string): Promise<void>;
  setRoute(userName: string, policy: RoutePolicy): Promise<void>;
  /** Resolves once the message is queued. */
  send(to: string, text: string): Promise<Sent>;
  /** Of the conversation with that person, at most so many. */
  history(userName: string, limit: number): Promise<readonly ChatMessage[]>;
  links(): Promise<readonly ClientLink[]>;
  /** Ends in good order, and starts again with what it has kept. */
  restart(): Promise<void>;
}

/** The engine in a process of its own. */
export class NodeClient implements LabClient {
  readonly #options: ClientOptions;
  readonly #log = new EventLog();
  #client: Client;
  #userName = "";

  constructor(options: ClientOptions) {
    this.#options = { ...options, log: this.#log };
    this.#client = new Client(this.#options);
  }

  get events(): readonly ClientEvent[] {
    return this.#client.events;
  }

  get received(): readonly ChatMessage[] {
    return this.#client.received;
  }

  until: LabClient["until"] = (what, find, options) => this.#log.until(what, find, options);

  async register(userName: string, password: string): Promise<void> {
    this.#userName = userName;
    await this.#client.register(userName, password);
  }

  add = (userName: string): Promise<void> => this.#client.add(userName);

  async accept(userName: string): Promise<void> {
    await this.#untilRoster("pending");
    await this.#client.accept(userName);
  }

  isBuddy = (): Promise<void> => this.#untilRoster("buddies");

  setRoute = (userName: string, policy: RoutePolicy): Promise<void> =>
    this.#client.setRoute(userName, policy);

  send = (to: string, text: string): Promise<Sent> => this.#client.send(to, text);

  history = (userName: string, limit: number): Promise<readonly ChatMessage[]> =>
    this.#client.history(userName, limit);

  links = (): Promise<readonly ClientLink[]> => this.#client.links();

  async restart(): Promise<void> {
    await this.#client.close();
    this.#client = new Client(this.#options);
    if (!(await this.#client.restore(this.#userName))) throw new Error("no session was kept");
  }

  async #untilRoster(state: "pending" | "buddies"): Promise<void> {
    await this.#log.until(
      `an entry that is ${state}`,
      (event) => (event.event === "roster" && event.state === state ? true : undefined),
      { timeoutMs: PATIENCE_MS },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]();
  }
}
