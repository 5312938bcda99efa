import { computed, signal, type ReadonlySignal } from "@preact/signals";
import { base64urlnopad } from "@scure/base";
import * as v from "valibot";
import type { Platform } from "../platform/platform.ts";

/** Shorter ones are guessed by whoever stands beside. */
export const MIN_PASSPHRASE = 4;
export const MAX_PASSPHRASE = 128;

/** Argon2id (RFC 9106): the least that OWASP asks for; a quarter of a second on a usual machine. */
const ARGON2 = { t: 2, m: 19_456, p: 1, dkLen: 32 } as const;
const SALT_BYTES = 16;

/** So many slips of the finger cost nothing. */
const FREE_FAILURES = 3;
/** The pause after the first failure that is not free; every further one doubles it. */
const FIRST_PAUSE_MS = 5_000;
/** Longer would keep out the owner whom somebody else has locked out. */
const MAX_PAUSE_MS = 15 * 60_000;
/** Beyond it the pause grows no more, and the count needs not either. */
const MAX_FAILURES = 1_000;

/** After so many minutes without a key or a movement the app locks; 0: never by itself. */
export const lockMinutes = [0, 1, 5, 15, 60] as const;
export type LockMinutes = (typeof lockMinutes)[number];

const Bytes = (length: number) =>
  v.pipe(
    v.string(),
    v.regex(/^[\w-]+$/),
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      const bytes = decoded(dataset.value);
      if (bytes?.length === length) return bytes;
      addIssue({ message: `no base64url of ${length} bytes` });
      return NEVER;
    }),
  );
const Kept = v.object({
  salt: Bytes(SALT_BYTES),
  hash: Bytes(ARGON2.dkLen),
  minutes: v.picklist(lockMinutes),
  failures: v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(MAX_FAILURES)),
  /** When the last failure was, in ms since the epoch. */
  failedAt: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
});
type Kept = v.InferOutput<typeof Kept>;

export interface AppLockPorts {
  readonly platform: Pick<Platform, "readSetting" | "writeSetting">;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly randomBytes: (length: number) => Uint8Array;
  /** Argon2id of the passphrase; absent for the usual one. */
  readonly hash?: (passphrase: string, salt: Uint8Array) => Promise<Uint8Array>;
}

export type Attempt = "right" | "wrong" | "paused";

/**
 * A passphrase before the whole window. It keeps people at the keyboard out; what is on the disk is
 * as readable as before, and whoever may write there can take the lock away.
 */
export class AppLock {
  readonly #ports: AppLockPorts;
  readonly #kept;
  readonly #locked;
  readonly #hash: (passphrase: string, salt: Uint8Array) => Promise<Uint8Array>;
  #trying = false;

  /** A passphrase is set. */
  readonly enabled: ReadonlySignal<boolean> = computed(() => this.#kept.value !== undefined);

  /** Minutes without activity until the app locks; 0: it does not by itself. */
  readonly minutes: ReadonlySignal<LockMinutes> = computed(() => this.#kept.value?.minutes ?? 0);

  private constructor(ports: AppLockPorts, kept: Kept | undefined) {
    this.#ports = ports;
    this.#hash = ports.hash ?? argon2;
    this.#kept = signal(kept);
    this.#locked = signal(kept !== undefined);
  }

  /** Where a passphrase is set the app starts locked. */
  static async load(ports: AppLockPorts): Promise<AppLock> {
    const stored = v.safeParse(Kept, await ports.platform.readSetting("appLock"));
    return new AppLock(ports, stored.success ? stored.output : undefined);
  }

  get locked(): ReadonlySignal<boolean> {
    return this.#locked;
  }

  /** Nothing without a passphrase. */
  engage(): void {
    if (this.enabled.peek()) this.#locked.value = true;
  }

  /** How long nobody may try, in ms; 0 where somebody may. */
  pauseLeft(): number {
    const kept = this.#kept.peek();
    if (kept === undefined || kept.failures < FREE_FAILURES) return 0;
    const pause = Math.min(
      MAX_PAUSE_MS,
      FIRST_PAUSE_MS * 2 ** Math.min(30, kept.failures - FREE_FAILURES),
    );
    // A clock that was set back does not make the pause longer.
    return Math.min(pause, Math.max(0, kept.failedAt + pause - this.#ports.now()));
  }

  /** Opens the app where the passphrase is right. */
  async unlock(passphrase: string): Promise<Attempt> {
    const attempt = await this.#try(passphrase);
    if (attempt === "right") this.#locked.value = false;
    return attempt;
  }

  /** Sets the passphrase, the first or another one; the app stays open. */
  async set(passphrase: string): Promise<void> {
    const salt = this.#ports.randomBytes(SALT_BYTES);
    const hash = await this.#hash(passphrase, salt);
    await this.#keep({ salt, hash, minutes: this.minutes.peek(), failures: 0, failedAt: 0 });
  }

  /** Is it that passphrase? Right where none is set. */
  verify(passphrase: string): Promise<Attempt> {
    return this.#try(passphrase);
  }

  /** Takes the lock away, with the passphrase. */
  async remove(passphrase: string): Promise<Attempt> {
    const attempt = await this.#try(passphrase);
    if (attempt === "right") await this.forget();
    return attempt;
  }

  async setMinutes(minutes: LockMinutes): Promise<void> {
    const kept = this.#kept.peek();
    if (kept !== undefined) await this.#keep({ ...kept, minutes });
  }

  /** Without the passphrase: only where all that it guards is deleted. */
  async forget(): Promise<void> {
    this.#kept.value = undefined;
    this.#locked.value = false;
    await this.#ports.platform.writeSetting("appLock", undefined);
  }

  async #try(passphrase: string): Promise<Attempt> {
    const kept = this.#kept.peek();
    if (kept === undefined) return "right";
    if (this.#trying || this.pauseLeft() > 0) return "paused";
    this.#trying = true;
    try {
      // Counted before it is looked at: who ends the program meanwhile has tried all the same.
      const failures = Math.min(MAX_FAILURES, kept.failures + 1);
      await this.#keep({ ...kept, failures, failedAt: this.#ports.now() });
      const hash = await this.#hash(passphrase, kept.salt);
      if (!equal(hash, kept.hash)) return "wrong";
      await this.#keep({ ...kept, failures: 0, failedAt: 0 });
      return "right";
    } finally {
      this.#trying = false;
    }
  }

  async #keep(kept: Kept): Promise<void> {
    this.#kept.value = kept;
    await this.#ports.platform.writeSetting("appLock", {
      ...kept,
      salt: base64urlnopad.encode(kept.salt),
      hash: base64urlnopad.encode(kept.hash),
    });
  }
}

function decoded(text: string): Uint8Array | undefined {
  try {
    return base64urlnopad.decode(text);
  } catch {
    // Not of this encoding: as damaged as any other.
    return undefined;
  }
}

async function argon2(passphrase: string, salt: Uint8Array): Promise<Uint8Array> {
  // Only who has a lock needs it.
  const { argon2idAsync } = await import("@noble/hashes/argon2.js");
  return argon2idAsync(passphrase.normalize("NFC"), salt, ARGON2);
}

/** Looks at every byte, whatever the first one says. */
function equal(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length;
  for (const [index, byte] of a.entries()) difference |= byte ^ (b[index] ?? 0);
  return difference === 0;
}
