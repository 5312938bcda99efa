import * as v from "valibot";
import {
  encodeEnvelope,
  encodeId,
  ID_BYTES,
  MessageId,
  type ConversationId,
  type EnvelopeHeader,
  type TypingContent,
  type UserId,
} from "../../protocol/index.ts";
import {
  TYPING_AT_ONCE,
  TYPING_ENDS_MS,
  TYPING_EVERY_MS,
  TYPING_HEARD_EVERY_MS,
} from "../limits.ts";
import type { Link, LinkPeer } from "../link.ts";
import type { LinkControls, LinkService } from "../links/link-service.ts";
import { TokenBucket } from "../links/token-bucket.ts";
import type { Clock, Random, Timer } from "../ports.ts";
import type { Directory } from "./directory.ts";
import type { PairSealer } from "./pair-sealer.ts";

export interface TypingOptions {
  readonly links: Pick<LinkService, "rule"> & Pick<LinkControls, "openLinks">;
  readonly directory: Pick<Directory, "self" | "device" | "devicesOf" | "isBuddy">;
  readonly sealer: Pick<PairSealer, "seal">;
  readonly clock: Clock;
  readonly random: Random;
  readonly conversationWith: (peer: UserId) => ConversationId;
  /** The person wants to tell and to be told. */
  readonly isOn: () => boolean;
  /** Whoever appears offline tells nobody that they type. */
  readonly isVisible: () => boolean;
  readonly onTyping: (typing: Typing) => void;
}

/** Somebody begins to type, or has stopped. */
export interface Typing {
  readonly conversationId: ConversationId;
  readonly userId: UserId;
  readonly active: boolean;
}

interface Heard {
  readonly bucket: TokenBucket;
  timer: Timer | undefined;
}

/** Who types in a conversation: told over links that are open anyway, and kept nowhere (SPEC V). */
export class TypingTalk implements Disposable {
  readonly #options: TypingOptions;
  readonly #encoder = new TextEncoder();
  /** Of one's own: when it was told last, and whether that still holds. */
  readonly #told = new Map<UserId, { readonly at: number; readonly active: boolean }>();
  /** Of buddies alone, so that the roster bounds it. */
  readonly #heard = new Map<UserId, Heard>();
  #closed = false;

  constructor(options: TypingOptions) {
    this.#options = options;
  }

  /** The person types to that buddy, or has cleared what they typed. Called at every key. */
  tell(peer: UserId, active: boolean): void {
    const { clock, directory, isOn, isVisible } = this.#options;
    if (this.#closed || !isOn() || !isVisible() || !directory.isBuddy(peer)) return;
    const now = clock.monotonic();
    const last = this.#told.get(peer);
    if (active ? last !== undefined && now - last.at < TYPING_EVERY_MS : last?.active !== true) {
      return;
    }
    // When typing ends is told at once, and does not let the next word of it come sooner.
    this.#told.set(peer, { at: active ? now : (last?.at ?? now), active });
    for (const device of directory.devicesOf(peer)) this.#send(device, { kind: "typing", active });
  }

  /** A message was sent: it says that the typing is over. */
  sent(peer: UserId): void {
    const last = this.#told.get(peer);
    if (last !== undefined) this.#told.set(peer, { ...last, active: false });
  }

  /** @param link absent where it came by mailbox: then it is long over */
  take(
    { from, conversationId }: Pick<EnvelopeHeader, "from" | "conversationId">,
    link: Link | undefined,
    { active }: TypingContent,
  ): void {
    const { clock, conversationWith, directory, isOn } = this.#options;
    const userId = directory.device(from)?.userId;
    if (this.#closed || link === undefined || userId === undefined || !isOn()) return;
    if (!directory.isBuddy(userId) || conversationWith(userId) !== conversationId) return;
    let heard = this.#heard.get(userId);
    if (heard === undefined) {
      const rate = { burst: TYPING_AT_ONCE, perMs: 1 / TYPING_HEARD_EVERY_MS };
      heard = { bucket: new TokenBucket(clock, rate), timer: undefined };
      this.#heard.set(userId, heard);
    }
    if (!heard.bucket.take(1)) return;
    if (!active) {
      this.ended(userId);
      return;
    }
    const isNews = heard.timer === undefined;
    heard.timer?.cancel();
    heard.timer = clock.setTimer(() => this.ended(userId), TYPING_ENDS_MS);
    if (isNews) this.#options.onTyping({ conversationId, userId, active: true });
  }

  /** They stopped, their message came, or they fell silent. */
  ended(userId: UserId): void {
    const heard = this.#heard.get(userId);
    if (heard?.timer === undefined) return;
    heard.timer.cancel();
    heard.timer = undefined;
    const conversationId = this.#options.conversationWith(userId);
    this.#options.onTyping({ conversationId, userId, active: false });
  }

  /** It was switched off: nobody types any more. */
  endAll(): void {
    for (const userId of this.#heard.keys()) this.ended(userId);
    this.#told.clear();
  }

  close(): void {
    this.#closed = true;
    for (const { timer } of this.#heard.values()) timer?.cancel();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #send(peer: LinkPeer, content: TypingContent): void {
    const { directory, links, random, sealer } = this.#options;
    const rule = links.rule(peer);
    const link = links
      .openLinks(peer.deviceId)
      .find(({ kind, writable }) => writable && (kind === "direct" ? rule.direct : rule.relay));
    const device = directory.device(peer.deviceId);
    if (link === undefined || device === undefined) return;
    const header: EnvelopeHeader = {
      sequence: 0,
      after: 0,
      id: v.parse(MessageId, encodeId(random.bytes(ID_BYTES))),
      conversationId: this.#options.conversationWith(peer.userId),
      from: directory.self.deviceId,
      to: peer.deviceId,
    };
    const plaintext = this.#encoder.encode(JSON.stringify(content));
    const sealed = sealer.seal(header, device.publicKey, plaintext);
    if (sealed === undefined) return;
    try {
      link.send(encodeEnvelope({ ...header, sealed }));
    } catch {
      // Closed under our hands: that somebody types is not worth another way.
    }
  }
}
