import { assertNever } from "../../../shared/chatkit/assert-never.ts";
import type { ChatKitApi } from "../../../shared/chatkit/chatkit.ts";
import type { Message } from "../../../shared/chatkit/api.ts";
import type {
  DeliveryState,
  FailureReason,
  WaitReason,
} from "../../../shared/chatkit/delivery/delivery-state.ts";
import { canonicalUserName, limits } from "../../../shared/protocol/index.ts";
import { usage } from "../arguments.ts";
import type { Context } from "../context.ts";
import { CliError, exitCodes } from "../exit-codes.ts";
import { obstacleTo, restoreKit } from "../session.ts";
import { print, readStandardInput } from "../terminal.ts";
import { entryOf } from "./buddies.ts";

const goals = ["queued", "sent", "delivered"] as const;
type Goal = (typeof goals)[number];

const DEFAULT_TIMEOUT_S = 30;
/** A day; whoever wants to wait longer runs `listen`. */
const MAX_TIMEOUT_S = 86_400;

/** Who is on the local network is found, and linked with, within this. */
const LAN_PATIENCE_MS = 6_000;

/** `beeline send USER TEXT`: ends when the message has come as far as `--wait` asks. */
export async function send(context: Context, words: readonly string[]): Promise<void> {
  const [name = "", word = ""] = words;
  const goal = goalOf(context.options.wait ?? "sent");
  const timeoutMs = timeoutOf(context.options.timeout) * 1000;
  const text = word === "-" ? await readStandardInput(limits.MAX_TEXT_LENGTH) : word;

  await using kit = await restoreKit(context, goal !== "queued");
  // The saved roster may be older than the friendship; it is what there is without the server.
  const obstacle = goal === "queued" && isBuddy(kit, name) ? undefined : await obstacleTo(kit);
  const { profile } = entryOf(kit, name);
  const { conversationId } = await kit.conversations.withPeer(profile.userId);
  const watch = new DeliveryWatch(kit);
  const queued = await kit.send(conversationId, text);
  if (goal === "queued") {
    report(context, queued);
    return;
  }
  if (obstacle !== undefined) {
    const patienceMs = context.options["no-lan"] === true ? 0 : LAN_PATIENCE_MS;
    const nearby = await watch.within(queued, Math.min(timeoutMs, patienceMs));
    if (nearby !== undefined) {
      report(context, nearby);
      return;
    }
    const message = `The message is queued, not sent. ${obstacle.message}`;
    throw new CliError(obstacle.exitCode, message, { cause: obstacle });
  }
  report(context, await watch.until(queued, goal, timeoutMs));
}

function isBuddy(kit: ChatKitApi, name: string): boolean {
  const wanted = canonicalUserName(name);
  return kit.roster
    .entries()
    .some(
      ({ profile, state }) => state === "buddies" && canonicalUserName(profile.userName) === wanted,
    );
}

/** Follows the deliveries of one engine from the moment of its making. */
class DeliveryWatch {
  readonly #kit: ChatKitApi;
  readonly #changed = new Map<string, Message>();
  #onChange: (() => void) | undefined;

  constructor(kit: ChatKitApi) {
    this.#kit = kit;
    kit.on("messageChanged", (message) => {
      this.#changed.set(message.id, message);
      this.#onChange?.();
    });
  }

  /** @throws CliError notDelivered where it failed, or took longer than `timeoutMs` */
  async until(queued: Message, goal: Goal, timeoutMs: number): Promise<Message> {
    const settled = Promise.withResolvers<Message>();
    this.#onChange = () => {
      const message = this.#changed.get(queued.id) ?? queued;
      const { delivery } = message;
      if (delivery.state === "failed") settled.reject(failed(delivery.reason));
      else if (reached(delivery, goal)) settled.resolve(message);
    };
    const timer = setTimeout(() => settled.reject(this.#late(queued, goal)), timeoutMs);
    try {
      this.#onChange();
      return await settled.promise;
    } finally {
      clearTimeout(timer);
      this.#onChange = undefined;
    }
  }

  /** The message as it is once it is delivered; undefined where that takes longer. */
  async within(queued: Message, timeoutMs: number): Promise<Message | undefined> {
    try {
      return await this.until(queued, "delivered", timeoutMs);
    } catch (error) {
      if (error instanceof CliError && error.exitCode === exitCodes.notDelivered) return undefined;
      throw error;
    }
  }

  #late(queued: Message, goal: Goal): CliError {
    const { delivery } = this.#changed.get(queued.id) ?? queued;
    const policy = delivery.state === "queued" ? textOfPolicy[delivery.waiting] : undefined;
    const why = policy ?? `${delivery.state}, connection ${this.#kit.connection.state}`;
    return new CliError(
      exitCodes.notDelivered,
      `Not ${goal} in time (${why}); it stays queued and goes out with a later command.`,
    );
  }
}

const textOfPolicy: Partial<Record<WaitReason, string>> = {
  "own-policy": "your route policy permits none of the ways that are open",
  "peer-policy": "their route policy permits none of the ways that are open",
  "policies-exclude": "your route policy and theirs leave no way at all",
};

/**
 * `sent` means that somebody else keeps the message: the mailbox on its disk, or the recipient. One
 * that is on a link when this program ends would only leave with the next command.
 */
function reached(delivery: DeliveryState, goal: Goal): boolean {
  switch (delivery.state) {
    case "delivered":
    case "read":
      return true;
    case "sent":
      return goal === "sent" && delivery.path === "stored";
    case "queued":
    case "received":
    case "failed":
      return false;
    default:
      return assertNever(delivery);
  }
}

function report({ options }: Context, { id, delivery }: Message): void {
  const path = "path" in delivery ? delivery.path : undefined;
  if (options.json === true) print(JSON.stringify({ id, state: delivery.state, path }));
  else print(path === undefined ? delivery.state : `${delivery.state} ${path}`);
}

const textOfFailure: Record<FailureReason, string> = {
  expired: "it was too old",
  "not-buddies": "you are not buddies",
  "no-devices": "the recipient has no device",
  "not-member": "you are not in this group any more",
  "mailbox-full": "the recipient's mailbox is full",
  "too-large": "it is too large",
  refused: "the server refused it",
};

function failed(reason: FailureReason): CliError {
  return new CliError(exitCodes.notDelivered, `The message failed: ${textOfFailure[reason]}.`);
}

function goalOf(text: string): Goal {
  const goal = goals.find((known) => known === text);
  if (goal === undefined) throw usage(`--wait is one of ${goals.join(", ")}.`, "send");
  return goal;
}

function timeoutOf(text = String(DEFAULT_TIMEOUT_S)): number {
  const seconds = Number(text);
  if (!(seconds > 0 && seconds <= MAX_TIMEOUT_S)) {
    throw usage(`--timeout is a number of seconds up to ${MAX_TIMEOUT_S}.`, "send");
  }
  return seconds;
}
