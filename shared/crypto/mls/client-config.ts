import type { ClientConfig, KeyRetentionConfig } from "ts-mls";
import { defaultKeyPackageEqualityConfig } from "ts-mls/keyPackageEqualityConfig.js";
import { defaultLifetimeConfig } from "ts-mls/lifetimeConfig.js";
import { sameBytes } from "../bytes.ts";
import { deviceOfLeaf } from "./wire.ts";
import { MlsError, type GroupPolicy, type MlsIdentity } from "./mls-types.ts";

/**
 * How late a message may come. Generations: of one sender's in one epoch, that many skipped ones
 * keep their key. Epochs: the present one and that many before it. Steps: how far one message may
 * move a sender's ratchet, the most work that a hostile member can make by one message.
 */
export const KEY_RETENTION: KeyRetentionConfig = {
  retainKeysForGenerations: 1000,
  retainKeysForEpochs: 5,
  maximumForwardRatchetSteps: 1000,
};

/** Contents of messages are padded to that, so that a word is as long as a line (RFC 9420 §15.1). */
export const PAD_TO_BYTES = 256;

/**
 * The policy as the library asks it, for one operation: it remembers whether somebody was refused,
 * since the library's own error does not tell that from a broken signature.
 */
export class Admission {
  readonly config: ClientConfig;
  #refusal: MlsError | undefined;
  #failure: { readonly error: unknown } | undefined;

  /** @param identity this device: always admitted */
  constructor(identity: MlsIdentity, policy: GroupPolicy) {
    this.config = {
      keyRetentionConfig: KEY_RETENTION,
      lifetimeConfig: defaultLifetimeConfig,
      keyPackageEqualityConfig: defaultKeyPackageEqualityConfig,
      paddingConfig: { kind: "padUntilLength", padUntilLength: PAD_TO_BYTES },
      authService: {
        validateCredential: async (credential, signaturePublicKey) => {
          const device = deviceOfLeaf({ credential, signaturePublicKey });
          if (device === undefined) {
            this.#refusal ??= new MlsError("invalid", "a leaf that is no device of ours");
            return false;
          }
          if (
            sameBytes(device.publicKey, identity.keys.publicKey) &&
            sameBytes(device.userId, identity.userId)
          ) {
            return true;
          }
          const isIn = await this.#ask(policy, device);
          if (!isIn) this.#refusal ??= new MlsError("not-admitted", "a device is not admitted");
          return isIn;
        },
      },
    };
  }

  /**
   * Runs an operation of the library.
   * @throws MlsError whatever the library throws; what the policy itself throws is thrown on
   */
  async run<Result>(operation: () => Promise<Result>): Promise<Result> {
    try {
      return await operation();
    } catch (error) {
      if (this.#failure !== undefined) throw this.#failure.error;
      if (this.#refusal !== undefined) throw this.#refusal;
      if (error instanceof MlsError) throw error;
      throw new MlsError("invalid", "against the protocol", { cause: error });
    }
  }

  async #ask(policy: GroupPolicy, device: Parameters<GroupPolicy["admits"]>[0]): Promise<boolean> {
    try {
      return await policy.admits(device);
    } catch (error) {
      this.#failure ??= { error };
      throw error;
    }
  }
}
