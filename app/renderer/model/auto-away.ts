/** Away for want of activity, and back: never over what a person has chosen. */
import { computed, effect, signal } from "@preact/signals";
import * as v from "valibot";
import type { Show } from "../../../shared/protocol/index.ts";
import { logWarning } from "../platform/log.ts";
import type { Platform } from "../platform/platform.ts";
import type { AccountModel } from "./account-model.ts";
import type { AppModel } from "./app-model.ts";

export interface AwayState {
  /** `away` was set from here, and not by hand. */
  readonly marked: boolean;
  /** It was set in this time of idleness already: whatever came afterwards is somebody's choice. */
  readonly tried: boolean;
}

export interface Seen {
  readonly idle: boolean;
  readonly show: Show;
  /** Another device of the account is there: its person may sit at that one. */
  readonly elsewhere: boolean;
}

/** What is to be shown now, if anything, and what is to be remembered. */
export function nextAway(
  { marked, tried }: AwayState,
  { idle, show, elsewhere }: Seen,
): AwayState & { readonly set?: Show } {
  if (!idle) {
    // Chosen by hand meanwhile: it stays.
    const back = marked && show === "away";
    return { marked: false, tried: false, ...(back ? { set: "online" as const } : {}) };
  }
  if (marked && show !== "away") return { marked: false, tried: true };
  if (marked || tried || show !== "online" || elsewhere) return { marked, tried };
  return { marked: true, tried: true, set: "away" };
}

/** More accounts than anybody has. */
const MAX_MARKS = 32;
const Marks = v.pipe(v.array(v.pipe(v.string(), v.maxLength(64))), v.maxLength(MAX_MARKS));

/**
 * Sets all open accounts away while nobody is at the machine. The server keeps what one shows, so it
 * is remembered whose `away` was set here: a program that was ended meanwhile takes it back later.
 */
export class AutoAway {
  readonly #platform: Platform;
  readonly #idle = signal(false);
  #marks: ReadonlySet<string>;

  private constructor(platform: Platform, marks: readonly string[]) {
    this.#platform = platform;
    this.#marks = new Set(marks);
  }

  static async load(platform: Platform): Promise<AutoAway> {
    const marks = v.safeParse(Marks, await platform.readSetting("autoAway"));
    return new AutoAway(platform, marks.success ? marks.output : []);
  }

  setIdle(idle: boolean): void {
    this.#idle.value = idle;
  }

  /** Ends with the returned function. */
  watch(app: AppModel): () => void {
    return effect(() => {
      const ends = app.opened.value.map((account) => this.#watchAccount(account));
      return () => {
        for (const end of ends) end();
      };
    });
  }

  #watchAccount(account: AccountModel): () => void {
    /** A change is on its way, or was refused. */
    const busy = signal(false);
    let tried = false;
    const seen = computed(() => {
      const self = account.self.value;
      const online = account.connection.value.state === "online";
      if (self === undefined || !online || busy.value) return undefined;
      const elsewhere = account.devices.value.some((device) => device.online && !device.current);
      return { user: self.profile.userId, show: self.show, idle: this.#idle.value, elsewhere };
    });
    const ends = [
      effect(() => {
        if (seen.value === undefined) return;
        const { user, ...rest } = seen.value;
        const next = nextAway({ marked: this.#marks.has(user), tried }, rest);
        const { set } = next;
        tried = next.tried;
        this.#mark(user, next.marked);
        if (set === undefined) return;
        const statusText = account.self.peek()?.statusText ?? "";
        busy.value = true;
        account.kit.setPresence({ show: set, statusText }).then(
          () => {
            busy.value = false;
          },
          (error: unknown) => {
            logWarning("presence not changed", error);
            // As before; not again and again, for nobody asked for it.
            this.#mark(user, set === "online");
          },
        );
      }),
      effect(() => {
        // What was refused may be possible now.
        if (account.connection.value.state === "online" || this.#idle.value) busy.value = false;
      }),
    ];
    return () => {
      for (const end of ends) end();
    };
  }

  #mark(user: string, marked: boolean): void {
    if (this.#marks.has(user) === marked) return;
    const others = [...this.#marks].filter((other) => other !== user);
    this.#marks = new Set(marked ? [...others, user].slice(-MAX_MARKS) : others);
    void this.#platform.writeSetting("autoAway", [...this.#marks]);
  }
}
