import { signal, type ReadonlySignal } from "@preact/signals";
import * as v from "valibot";
import { canonicalUserName } from "../../../shared/protocol/index.ts";
import type { Platform } from "../platform/platform.ts";

/** More would each hold a connection and a store open all day; a settings value has 4 KiB. */
export const MAX_ACCOUNTS = 5;

const Remembered = v.object({
  server: v.pipe(v.string(), v.maxLength(512)),
  userName: v.pipe(v.string(), v.maxLength(64)),
  pin: v.exactOptional(v.string()),
  userId: v.exactOptional(v.pipe(v.string(), v.maxLength(64))),
});
const List = v.object({
  list: v.pipe(v.array(Remembered), v.maxLength(MAX_ACCOUNTS)),
  shown: v.exactOptional(v.string()),
});

/** An account that is signed in on this device. */
export interface RememberedAccount {
  readonly server: string;
  readonly userName: string;
  /** SHA-256 of the server's own certificate (base64url), where an invitation link gave it. */
  readonly pin?: string;
  /** Known since the last sign-in: its drafts are kept under it. */
  readonly userId?: string;
}

/** Tells accounts apart: the server's address and the user name as servers compare it. */
export function accountKey({
  server,
  userName,
}: Pick<RememberedAccount, "server" | "userName">): string {
  return `${server}|${canonicalUserName(userName)}`;
}

interface Known {
  readonly list: readonly RememberedAccount[];
  /** Key of the one that was shown last. */
  readonly shown?: string;
}

/** The accounts of this installation, in the order in which they came; a change is written at once. */
export class AccountList {
  readonly #platform: Pick<Platform, "readSetting" | "writeSetting">;
  readonly #known;
  /** Changes are made one after the other. */
  #turn: Promise<void> = Promise.resolve();

  private constructor(platform: Pick<Platform, "readSetting" | "writeSetting">, known: Known) {
    this.#platform = platform;
    this.#known = signal(known);
  }

  /** Reads the list; the single account of earlier versions becomes its first. */
  static async load(
    platform: Pick<Platform, "readSetting" | "writeSetting">,
  ): Promise<AccountList> {
    const known = await read(platform);
    if (known !== undefined) return new AccountList(platform, known);
    const single = v.safeParse(Remembered, await platform.readSetting("account"));
    const list = single.success ? [single.output] : [];
    const accounts = new AccountList(platform, { list });
    if (single.success) {
      await platform.writeSetting("accounts", { list });
      await platform.writeSetting("account", undefined);
    }
    return accounts;
  }

  get known(): ReadonlySignal<Known> {
    return this.#known;
  }

  /** Adds one, or takes its new pin; it is the one that is shown. Resolves once written. */
  put(account: RememberedAccount): Promise<void> {
    const key = accountKey(account);
    return this.#change(({ list }) => {
      const there = list.some((known) => accountKey(known) === key);
      return {
        list: there
          ? list.map((known) => (accountKey(known) === key ? account : known))
          : [...list, account].slice(-MAX_ACCOUNTS),
        shown: key,
      };
    });
  }

  remove(key: string): Promise<void> {
    return this.#change(({ list, shown }) => ({
      list: list.filter((known) => accountKey(known) !== key),
      ...(shown === undefined || shown === key ? {} : { shown }),
    }));
  }

  show(key: string): Promise<void> {
    return this.#change(({ list }) => ({ list, shown: key }));
  }

  #change(change: (known: Known) => Known): Promise<void> {
    this.#known.value = change(this.#known.peek());
    const done = this.#turn.then(async () => {
      // Read anew: another window may have signed somebody in or out meanwhile.
      const stored = (await read(this.#platform)) ?? { list: [] };
      await this.#platform.writeSetting("accounts", change(stored));
    });
    // Whoever changed it hears of a failure; the next change is another matter.
    this.#turn = done.catch(() => undefined);
    return done;
  }
}

async function read(platform: Pick<Platform, "readSetting">): Promise<Known | undefined> {
  const stored = v.safeParse(List, await platform.readSetting("accounts"));
  return stored.success ? stored.output : undefined;
}
