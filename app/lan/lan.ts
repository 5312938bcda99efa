import { randomBytes } from "node:crypto";
import * as v from "valibot";
import type { Lan, LanHandlers, LanMembership, LanState } from "../../shared/chatkit/ports.ts";
import { DeviceId } from "../../shared/protocol/index.ts";
import { DnsSd, lanParts, type LanOptions, type LanParts } from "./dns-sd.ts";
import type { FoundService } from "./found-service.ts";
import { FoundTable } from "./found-table.ts";
import { lanInterfaces, localAddressRule } from "./interfaces.ts";
import { ECHO_MS, MAX_LAN_TEXT_BYTES, MISSED_ASKS } from "./limits.ts";
import { NotTaken, sendText } from "./send-text.ts";
import { TextListener } from "./text-listener.ts";

/** For hosts that know nothing else of the protocol. */
export { DeviceId } from "../../shared/protocol/index.ts";

const TYPE = "beeline-peer";
/** The TXT key of the device's id. */
const DEVICE = "d";
/** Systems hand out ports from there on; others belong to services that expect no text of ours. */
const FIRST_PORT = 1_024;

/** The local network by DNS-SD and short TCP connections; both over IPv4. */
export function createLan(options: LanOptions): Lan {
  const parts = lanParts(options);
  return { join: (self, handlers) => new Membership(parts, self, handlers) };
}

class Membership implements LanMembership {
  readonly #parts: LanParts;
  readonly #handlers: LanHandlers;
  /** Says nothing of the machine or the person. */
  readonly #instance = randomBytes(8).toString("hex");
  readonly #found: FoundTable<DeviceId>;
  readonly #dnsSd: DnsSd;
  #state: LanState = "starting";
  /** Since when there is an interface to hear anything on. */
  #since: number | undefined;
  /** When its own announcement came back last. */
  #heardAt: number | undefined;

  constructor(parts: LanParts, self: DeviceId, handlers: LanHandlers) {
    this.#parts = parts;
    this.#handlers = handlers;
    const { clock, log } = parts;
    this.#found = new FoundTable<DeviceId>(clock, {
      onChanged: (device) => handlers.onNear(device),
      onGone: (device) => handlers.onGone(device),
    });
    this.#dnsSd = new DnsSd({
      ...parts,
      type: TYPE,
      announced: {
        instance: this.#instance,
        txt: { [DEVICE]: self },
        listen: ({ address }) =>
          TextListener.open({ address, clock, log, onText: (text) => handlers.onText(text) }),
      },
      onFound: (service) => this.#onFound(self, service),
      onGone: (service) => this.#found.drop(service),
      onLook: () => this.#onLook(),
    });
  }

  get state(): LanState {
    return this.#state;
  }

  async send(to: DeviceId, text: string): Promise<void> {
    if (Buffer.byteLength(text) > MAX_LAN_TEXT_BYTES) throw new NotTaken("the text is too long");
    const { clock, interfaces = lanInterfaces } = this.#parts;
    const isLocal = localAddressRule(interfaces());
    const targets = this.#found.of(to).map((service) => ({
      service,
      addresses: service.addresses.filter(isLocal),
    }));
    // To each that says it is that device: who it is shows by what it signs.
    await Promise.any(
      targets.map(async ({ service, addresses }) => {
        try {
          await sendText(clock, { addresses, port: service.port }, text);
        } catch (error) {
          // It has left, or cannot be reached: heard of again, it is tried again.
          this.#found.drop(service);
          throw error;
        }
      }),
    ).catch((cause: unknown) => {
      throw new NotTaken("nobody who says to be that device took the text", { cause });
    });
  }

  close(): void {
    this.#dnsSd.close();
  }

  #onFound(self: DeviceId, service: FoundService): void {
    if (service.instance === this.#instance) {
      this.#heardAt = this.#parts.clock.monotonic();
      this.#look();
      return;
    }
    const device = v.safeParse(DeviceId, service.txt.get(DEVICE));
    if (!device.success || device.output === self || service.port < FIRST_PORT) return;
    this.#found.seen(device.output, service);
  }

  #onLook(): void {
    this.#found.expire(this.#patienceMs());
    this.#look();
  }

  #patienceMs(): number {
    return MISSED_ASKS * this.#dnsSd.askMs;
  }

  #look(): void {
    const now = this.#parts.clock.monotonic();
    this.#since = this.#dnsSd.size === 0 ? undefined : (this.#since ?? now);
    const state = this.#stateAt(now);
    if (state === this.#state) return;
    this.#state = state;
    this.#handlers.onState(state);
  }

  #stateAt(now: number): LanState {
    if (this.#since === undefined) return "failed";
    const heardAt = this.#heardAt ?? Number.NEGATIVE_INFINITY;
    if (heardAt >= this.#since && now - heardAt <= this.#patienceMs()) return "working";
    return now - this.#since < ECHO_MS ? "starting" : "unheard";
  }
}
