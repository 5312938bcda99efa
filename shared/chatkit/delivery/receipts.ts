import {
  encodeEnvelope,
  encodeId,
  ID_BYTES,
  MAX_RECEIPT_IDS,
  MessageId,
  type ConversationId,
  type DeviceId,
  type EnvelopeHeader,
  type ReceiptContent,
} from "../../protocol/index.ts";
import * as v from "valibot";
import { MAX_WAITING_RECEIPTS } from "../limits.ts";
import type { Link } from "../link.ts";
import type { LinkService } from "../links/link-service.ts";
import type { RouteRule } from "../routes/route-rule.ts";
import type { Random } from "../ports.ts";
import type { Directory } from "./directory.ts";
import { judgePut } from "./mailbox-verdict.ts";
import type { MailboxPutter } from "./mailbox-putter.ts";
import type { PairSealer } from "./pair-sealer.ts";

interface ReceiptsOptions {
  readonly links: LinkService;
  readonly directory: Directory;
  readonly mailbox: Pick<MailboxPutter, "put">;
  readonly sealer: Pick<PairSealer, "seal">;
  readonly random: Random;
  readonly serverOnline: () => boolean;
  readonly onProblem: (error: unknown) => void;
}

/** What becomes of a message: durable here, or its sender must seal it anew. */
type Outcome = "delivered" | "unreadable";

interface Waiting {
  readonly conversationId: ConversationId;
  readonly to: DeviceId;
  readonly ids: Map<MessageId, Outcome>;
  /** The link by which the last of the messages came. */
  link: Link | undefined;
}

/**
 * Acknowledges messages to the devices that sent them, after they are durable here, and tells of those
 * that could not be opened. A receipt that is lost is no harm: the message comes again, and so does the
 * receipt (SPEC D5).
 */
export class Receipts {
  readonly #options: ReceiptsOptions;
  readonly #encoder = new TextEncoder();
  readonly #waiting = new Map<string, Waiting>();
  #flushing = false;
  /** Something changed since the last look: a receipt, or a way for one. */
  #asked = false;
  #closed = false;

  constructor(options: ReceiptsOptions) {
    this.#options = options;
  }

  /** Notes a message for the next `flush`. @param link the one by which it came */
  add(
    outcome: Outcome,
    { conversationId, from, id }: Pick<EnvelopeHeader, "conversationId" | "from" | "id">,
    link: Link | undefined,
  ): void {
    const name = `${conversationId}/${from}`;
    let waiting = this.#waiting.get(name);
    if (waiting === undefined) {
      waiting = { conversationId, to: from, ids: new Map(), link };
      this.#waiting.set(name, waiting);
    }
    waiting.link = link;
    waiting.ids.set(id, outcome);
    for (const oldest of waiting.ids.keys()) {
      if (waiting.ids.size <= MAX_WAITING_RECEIPTS) break;
      waiting.ids.delete(oldest);
    }
  }

  /** Sends what waits and can be sent; called after a commit, and when a way is there again. */
  flush(): void {
    if (this.#closed || this.#waiting.size === 0) return;
    this.#asked = true;
    if (this.#flushing) return;
    this.#flushing = true;
    void this.#run();
  }

  close(): void {
    this.#closed = true;
    this.#waiting.clear();
  }

  async #run(): Promise<void> {
    try {
      while (this.#asked && !this.#closed) {
        this.#asked = false;
        for (const [name, waiting] of this.#waiting) {
          const outcomes = [...waiting.ids].slice(0, MAX_RECEIPT_IDS);
          const sent = await this.#send(waiting, outcomes);
          if (!sent) continue;
          for (const [id, outcome] of outcomes) {
            if (waiting.ids.get(id) === outcome) waiting.ids.delete(id);
          }
          if (waiting.ids.size === 0) this.#waiting.delete(name);
          // More may have come for anybody while this one went.
          this.#asked = true;
        }
      }
    } catch (error) {
      this.#options.onProblem(error);
    } finally {
      this.#flushing = false;
    }
  }

  /** False where it must wait for the server, or for a way that the route policies permit (SPEC R6). */
  async #send(
    waiting: Waiting,
    outcomes: readonly (readonly [MessageId, Outcome])[],
  ): Promise<boolean> {
    const { conversationId, to } = waiting;
    const { directory, links, mailbox, onProblem, random, sealer, serverOnline } = this.#options;
    const device = directory.device(to);
    if (device === undefined) return true;
    const header: EnvelopeHeader = {
      sequence: 0,
      after: 0,
      id: v.parse(MessageId, encodeId(random.bytes(ID_BYTES))),
      conversationId,
      from: directory.self.deviceId,
      to,
    };
    const plaintext = this.#encoder.encode(JSON.stringify(receiptOf(outcomes)));
    const sealed = sealer.seal(header, device.publicKey, plaintext);
    if (sealed === undefined) {
      // A key that is none: that device gets no receipt, and all the others get theirs.
      onProblem(new TypeError(`nothing can be sealed for ${to}`));
      return true;
    }
    const envelope = encodeEnvelope({ ...header, sealed });
    const peer = { userId: device.userId, deviceId: to };
    const rule = links.rule(peer);
    if (this.#overLink(waiting.link, envelope, rule)) return true;
    if (this.#overLink(links.direct(to), envelope, rule)) return true;
    if (!serverOnline()) return false;
    if (directory.isOnline(to)) {
      try {
        const relay = await links.relay(peer);
        if (this.#overLink(relay, envelope, links.rule(peer))) return true;
      } catch {
        // No relay to be had, for whatever reason: the mailbox is the way that is left.
      }
    }
    // Asked anew: the policy may have changed while the relay was asked for.
    if (!links.rule(peer).mailbox) return false;
    const verdict = await judgePut(mailbox.put({ id: header.id, to }, envelope));
    return verdict.kind !== "later";
  }

  #overLink(link: Link | undefined, envelope: Uint8Array, rule: RouteRule): boolean {
    if (link === undefined || !link.writable) return false;
    if (!(link.kind === "direct" ? rule.direct : rule.relay)) return false;
    try {
      link.send(envelope);
      return true;
    } catch {
      // Closed under our hands; the next way is tried.
      return false;
    }
  }
}

function receiptOf(outcomes: readonly (readonly [MessageId, Outcome])[]): ReceiptContent {
  const only = (wanted: Outcome): MessageId[] =>
    outcomes.filter(([, outcome]) => outcome === wanted).map(([id]) => id);
  const delivered = only("delivered");
  const unreadable = only("unreadable");
  return {
    kind: "receipt",
    ...(delivered.length === 0 ? {} : { delivered }),
    ...(unreadable.length === 0 ? {} : { unreadable }),
  };
}
