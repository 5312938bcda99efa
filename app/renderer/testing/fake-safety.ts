import { ChatKitError, type Safety } from "../../../shared/chatkit/api.ts";
import type { SafetyApi } from "../../../shared/chatkit/chatkit.ts";
import type { UserId } from "../../../shared/protocol/index.ts";

/** Safety numbers over made-up digits. A change is what a test puts there. */
export class FakeSafety implements SafetyApi {
  readonly #known = new Map<UserId, Safety>();
  readonly #isKnown: (userId: UserId) => boolean;
  readonly #onSafety: (safety: Safety) => void;

  constructor(isKnown: (userId: UserId) => boolean, onSafety: (safety: Safety) => void) {
    this.#isKnown = isKnown;
    this.#onSafety = onSafety;
  }

  /** As if it had come from the engine. */
  put(safety: Safety): Safety {
    this.#known.set(safety.userId, safety);
    this.#onSafety(safety);
    return safety;
  }

  of = async (userId: UserId): Promise<Safety> => {
    if (!this.#isKnown(userId)) throw new ChatKitError("no-such-user", "no such user");
    const number = Array.from({ length: 60 }, (_, at) => (userId.charCodeAt(at % 22) + at) % 10);
    return (
      this.#known.get(userId) ?? {
        userId,
        number: number.join(""),
        code: `beeline-safety:1:${"A".repeat(43)}:${userId.padEnd(43, "B")}`,
        verified: false,
      }
    );
  };
  setVerified = async (userId: UserId, verified: boolean): Promise<Safety> => {
    const { number, code } = await this.of(userId);
    return this.put({ userId, number, code, verified });
  };
  matches = async (userId: UserId, code: string): Promise<boolean> =>
    (await this.of(userId)).code === code;
  acknowledgeChange = async (userId: UserId): Promise<void> => {
    const { number, code, verified } = await this.of(userId);
    this.put({ userId, number, code, verified });
  };
}
