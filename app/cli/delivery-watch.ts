import { assertNever } from "../../shared/chatkit/assert-never.ts";
import type { Message } from "../../shared/chatkit/api.ts";
import type { ChatKitApi } from "../../shared/chatkit/chatkit.ts";
import type {
  DeliveryState,
  FailureReason,
  WaitReason,
} from "../../shared/chatkit/delivery/delivery-state.ts";
import { CliError, exitCodes } from "./exit-codes.ts";

export const goals = ["queued", "sent", "delivered"] as const;
export type Goal = (typeof goals)[number];

/** How often a group's message is looked at: what one of many devices has is no news of the message. */
const LOOK_MS = 200;

/** Follows the deliveries of one engine from the moment of its making. */
export class DeliveryWatch {
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
    const inGroup = this.#kit.groups.get(queued.conversationId) !== undefined;
    const look = (): void => {
      const message = this.#changed.get(queued.id) ?? queued;
      const { delivery } = message;
      if (delivery.state === "failed") settled.reject(failed(delivery.reason));
      else if (inGroup && goal === "sent") {
        this.#hasLeft(message.id).then((left) => {
          if (left) settled.resolve(this.#changed.get(queued.id) ?? queued);
        }, settled.reject);
      } else if (reached(delivery, goal)) settled.resolve(message);
    };
    this.#onChange = look;
    const timer = setTimeout(() => settled.reject(this.#late(queued, goal)), timeoutMs);
    const looking = inGroup ? setInterval(look, LOOK_MS) : undefined;
    try {
      look();
      return await settled.promise;
    } finally {
      clearTimeout(timer);
      clearInterval(looking);
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

  /** Everybody's devices have it, or the mailbox keeps it for them. */
  async #hasLeft(id: Message["id"]): Promise<boolean> {
    const theirs = (await this.#kit.details(id))?.devices.filter(({ own }) => !own) ?? [];
    return (
      theirs.length > 0 && theirs.every(({ state }) => state !== "waiting" && state !== "sent")
    );
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
