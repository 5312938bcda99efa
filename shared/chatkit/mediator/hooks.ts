import type { Clock, Log } from "../ports.ts";

/** What a hook may return: its answer at once, or later. */
export type Awaitable<T> = T | Promise<T>;

/** A hook failed, and who was asked. */
export interface HookFailure {
  readonly hook: string;
  readonly error: Error;
}

/** A hook did not answer in time. */
export class HookTimeout extends Error {
  constructor(hook: string, ms: number) {
    super(`${hook} gave no answer within ${ms} ms.`);
    this.name = "HookTimeout";
  }
}

export interface HookOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly onFailure: (failure: HookFailure) => void;
}

/**
 * Calls what the host has set. A hook that throws, rejects or does not answer is reported, and whoever
 * asked goes on with what stands for no answer: it harms nobody else.
 */
export class Hooks {
  readonly #options: HookOptions;

  constructor(options: HookOptions) {
    this.#options = options;
  }

  /**
   * @param hook its name, for the report
   * @param timeoutMs how long an answer is waited for
   * @param otherwise what holds without an answer
   */
  async ask<T>(
    hook: string,
    call: () => Awaitable<T>,
    { timeoutMs, otherwise }: { readonly timeoutMs: number; readonly otherwise: T },
  ): Promise<T> {
    try {
      return await this.demand(hook, call, timeoutMs);
    } catch (error) {
      this.#failed(hook, error);
      return otherwise;
    }
  }

  /** As `ask`, where nothing holds without an answer. @throws Error as the hook does, HookTimeout */
  async demand<T>(hook: string, call: () => Awaitable<T>, timeoutMs: number): Promise<T> {
    const late = Promise.withResolvers<never>();
    const timer = this.#options.clock.setTimer(
      () => late.reject(new HookTimeout(hook, timeoutMs)),
      timeoutMs,
    );
    try {
      // A hook that throws at once rejects, like one that fails later.
      const answer = Promise.resolve().then(call);
      return await Promise.race([answer, late.promise]);
    } finally {
      timer.cancel();
    }
  }

  /** Tells a hook something; nobody waits for it. */
  tell(hook: string, call: () => Awaitable<unknown>): void {
    Promise.resolve()
      .then(call)
      .catch((error: unknown) => this.#failed(hook, error));
  }

  #failed(hook: string, cause: unknown): void {
    const error = cause instanceof Error ? cause : new Error(String(cause), { cause });
    this.#options.log.error("a hook of the host's failed", { hook, error });
    this.#options.onFailure({ hook, error });
  }
}
