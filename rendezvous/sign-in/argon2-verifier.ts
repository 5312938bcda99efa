import { argon2, randomBytes, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { ProtocolError, type Credential } from "../../shared/protocol/index.ts";
import type { Argon2Cost } from "../rendezvous-config.ts";
import type { CredentialVerifier } from "./credential-verifier.ts";

const SALT_BYTES = 16;
const TAG_BYTES = 32;
/** Each runs on a thread of libuv's pool (4) and takes `memoryKiB`; one is left for the disk. */
const MAX_RUNNING = 3;
/** More would wait for longer than a person does. */
const MAX_WAITING = 512;

const derive = promisify(argon2);

interface Hash {
  readonly cost: Argon2Cost;
  readonly salt: Buffer;
  readonly tag: Buffer;
}

/**
 * Passwords by Argon2id (RFC 9106), kept as `$argon2id$v=19$m=…,t=…,p=…$salt$tag` (the PHC string
 * format), so that a changed cost applies to new passwords and old ones stay valid.
 */
export function createArgon2Verifier(cost: Argon2Cost): CredentialVerifier {
  const gate = new Gate();
  // What an unknown user's password is compared with: nobody can have a password that fits.
  const nobody: Hash = { cost, salt: randomBytes(SALT_BYTES), tag: randomBytes(TAG_BYTES) };

  const hash = (credential: Credential, salt: Buffer, cost: Argon2Cost): Promise<Buffer> =>
    gate.run(() =>
      derive("argon2id", {
        // One spelling for what looks the same on two keyboards (RFC 8265 §4.2).
        message: Buffer.from(credential.password.normalize("NFC"), "utf8"),
        nonce: salt,
        memory: cost.memoryKiB,
        passes: cost.passes,
        parallelism: cost.parallelism,
        tagLength: TAG_BYTES,
      }),
    );

  return {
    async enrol(credential) {
      const salt = randomBytes(SALT_BYTES);
      return encode({ cost, salt, tag: await hash(credential, salt, cost) });
    },
    async verify(credential, stored) {
      const kept = stored === undefined ? undefined : decode(stored);
      const expected = kept ?? nobody;
      const tag = await hash(credential, expected.salt, expected.cost);
      return timingSafeEqual(tag, expected.tag) && kept !== undefined;
    },
  };
}

function encode({ cost, salt, tag }: Hash): string {
  const { memoryKiB, passes, parallelism } = cost;
  const parameters = `m=${memoryKiB},t=${passes},p=${parallelism}`;
  return `$argon2id$v=19$${parameters}$${base64(salt)}$${base64(tag)}`;
}

/** Undefined for anything else: an account without a password that could be right. */
function decode(stored: string): Hash | undefined {
  const match =
    /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/.exec(stored);
  const [, memory, passes, parallelism, salt, tag] = match ?? [];
  if (salt === undefined || tag === undefined) return undefined;
  const decoded: Hash = {
    cost: {
      memoryKiB: Number(memory),
      passes: Number(passes),
      parallelism: Number(parallelism),
    },
    salt: Buffer.from(salt, "base64"),
    tag: Buffer.from(tag, "base64"),
  };
  return decoded.tag.length === TAG_BYTES ? decoded : undefined;
}

/** Without padding, as the PHC format has it. */
function base64(bytes: Buffer): string {
  return bytes.toString("base64").replaceAll("=", "");
}

/** Bounds how many run at once and how many wait. */
class Gate {
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= MAX_RUNNING) {
      if (this.#waiting.length >= MAX_WAITING) {
        throw new ProtocolError("unavailable", "Too many people are signing in; try again soon.", {
          retryAfterMs: 5000,
        });
      }
      // Whoever ends hands its place over, so the count does not change.
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#running++;
    }
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }
}
