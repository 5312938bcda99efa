/** Questions and news between two processes over Node's IPC, in the order in which they were said. */
import * as v from "valibot";

/** One end: a child process, or the process itself in the child. */
export interface LineEnd {
  send(message: object): void;
  onMessage(listener: (message: unknown) => void): void;
}

type Handler = (value: unknown) => unknown;

const Message = v.variant("type", [
  v.object({ type: v.literal("tell"), name: v.string(), value: v.unknown() }),
  v.object({ type: v.literal("ask"), id: v.number(), name: v.string(), value: v.unknown() }),
  v.object({ type: v.literal("answer"), id: v.number(), value: v.unknown() }),
  v.object({ type: v.literal("refusal"), id: v.number(), error: v.string() }),
]);

/** The other side threw while it answered, or has gone. */
class LineError extends Error {
  override readonly name = "LineError";
}

export class Line {
  readonly #end: LineEnd;
  readonly #handlers = new Map<string, Handler>();
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #asked = 0;
  #cut: string | undefined;

  constructor(end: LineEnd) {
    this.#end = end;
    end.onMessage((message) => this.#take(v.parse(Message, message)));
  }

  /** Answers questions and hears news of this name; a handler parses what it gets. */
  on(name: string, handler: Handler): void {
    this.#handlers.set(name, handler);
  }

  tell(name: string, value?: unknown): void {
    this.#end.send({ type: "tell", name, value });
  }

  /** @throws LineError with the message of what the other side threw */
  async ask(name: string, value?: unknown): Promise<unknown> {
    if (this.#cut !== undefined) throw new LineError(this.#cut);
    this.#asked += 1;
    const answer = Promise.withResolvers<unknown>();
    this.#waiting.set(this.#asked, answer);
    this.#end.send({ type: "ask", id: this.#asked, name, value });
    return answer.promise;
  }

  /** The other side has gone: nobody waits for its answers any longer. */
  cut(reason: string): void {
    this.#cut = reason;
    for (const { reject } of this.#waiting.values()) reject(new LineError(reason));
    this.#waiting.clear();
  }

  #take(message: v.InferOutput<typeof Message>): void {
    if (message.type === "tell") {
      this.#handle(message.name, message.value);
    } else if (message.type === "ask") {
      this.#reply(message.id, () => this.#handle(message.name, message.value)).catch(
        (error: unknown) => this.#refuse(message.id, error),
      );
    } else {
      const waiting = this.#waiting.get(message.id);
      this.#waiting.delete(message.id);
      if (message.type === "answer") waiting?.resolve(message.value);
      else waiting?.reject(new LineError(message.error));
    }
  }

  async #reply(id: number, handle: () => unknown): Promise<void> {
    const value = await handle();
    this.#end.send({ type: "answer", id, value });
  }

  #refuse(id: number, error: unknown): void {
    this.#end.send({ type: "refusal", id, error: String(error) });
  }

  #handle(name: string, value: unknown): unknown {
    const handler = this.#handlers.get(name);
    if (handler === undefined) throw new LineError(`nobody takes "${name}"`);
    return handler(value);
  }
}
