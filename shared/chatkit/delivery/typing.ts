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
import type { Audience, Place } from "./audience.ts";
import type { Directory } from "./directory.ts";
import type { PairSealer } from "./pair-sealer.ts";

export interface TypingOptions {
  readonly links: Pick<LinkService, "rule"> & Pick<LinkControls, "openLinks">;
  readonly directory: Pick<Directory, "self" | "device">;
  readonly audience: Pick<Audience, "others" | "people">;
  readonly sealer: Pick<PairSealer, "seal">;
  readonly clock: Clock;
  readonly random: Random;
  /** Where that conversation's people are; undefined for a stranger's. */
  readonly placeOf: (conversationId: ConversationId, from: UserId) => Place | undefined;
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
  readonly conversationId: ConversationId;
  readonly userId: UserId;
  readonly bucket: TokenBucket;
  timer: Timer | undefined;
}

/** People heard typing, once for each conversation; those heard of longest ago are forgotten. */
const MAX_HEARD = 2_048;

/** Who types in a conversation: told over links that are open anyway, and kept nowhere (SPEC V). */
export class TypingTalk implements Disposable {
  readonly #options: TypingOptions;
  readonly #encoder = new TextEncoder();
  /** Of one's own: when it was told last, and whether that still holds. */
  readonly #told = new Map<ConversationId, { readonly at: number; readonly active: boolean }>();
  /** By conversation and person. */
  readonly #heard = new Map<string, Heard>();
  #closed = false;

  constructor(options: TypingOptions) {
    this.#options = options;
  }

  /** The person types there, or has cleared what they typed. Called at every key. */
  tell(place: Place, active: boolean): void {
    const { audience, clock, isOn, isVisible } = this.#options;
    const { conversationId } = place;
    if (this.#closed || !isOn() || !isVisible()) return;
    const now = clock.monotonic();
    const last = this.#told.get(conversationId);
    if (active ? last !== undefined && now - last.at < TYPING_EVERY_MS : last?.active !== true) {
      return;
    }
    // When typing ends is told at once, and does not let the next word of it come sooner.
    this.#told.set(conversationId, { at: active ? now : (last?.at ?? now), active });
    for (const device of audience.others(place)) {
      this.#send(conversationId, device, { kind: "typing", active });
    }
  }

  /** A message was sent: it says that the typing is over. */
  sent(conversationId: ConversationId): void {
    const last = this.#told.get(conversationId);
    if (last !== undefined) this.#told.set(conversationId, { ...last, active: false });
  }

  /** @param link absent where it came by mailbox: then it is long over */
  take(
    { from, conversationId }: Pick<EnvelopeHeader, "from" | "conversationId">,
    link: Link | undefined,
    { active }: TypingContent,
  ): void {
    const { audience, clock, directory, isOn, placeOf } = this.#options;
    const userId = directory.device(from)?.userId;
    if (this.#closed || link === undefined || userId === undefined || !isOn()) return;
    const place = placeOf(conversationId, userId);
    if (place === undefined || !audience.people(place).includes(userId)) return;
    const heard = this.#heardOf(conversationId, userId);
    if (!heard.bucket.take(1)) return;
    if (!active) {
      this.ended(conversationId, userId);
      return;
    }
    const isNews = heard.timer === undefined;
    heard.timer?.cancel();
    heard.timer = clock.setTimer(() => this.ended(conversationId, userId), TYPING_ENDS_MS);
    if (isNews) this.#options.onTyping({ conversationId, userId, active: true });
  }

  /** They stopped, their message came, or they fell silent. */
  ended(conversationId: ConversationId, userId: UserId): void {
    const heard = this.#heard.get(nameOf(conversationId, userId));
    if (heard?.timer === undefined) return;
    heard.timer.cancel();
    heard.timer = undefined;
    this.#options.onTyping({ conversationId, userId, active: false });
  }

  /** It was switched off: nobody types any more. */
  endAll(): void {
    for (const { conversationId, userId } of this.#heard.values()) {
      this.ended(conversationId, userId);
    }
    this.#told.clear();
  }

  close(): void {
    this.#closed = true;
    for (const { timer } of this.#heard.values()) timer?.cancel();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #heardOf(conversationId: ConversationId, userId: UserId): Heard {
    const name = nameOf(conversationId, userId);
    const rate = { burst: TYPING_AT_ONCE, perMs: 1 / TYPING_HEARD_EVERY_MS };
    const heard = this.#heard.get(name) ?? {
      conversationId,
      userId,
      bucket: new TokenBucket(this.#options.clock, rate),
      timer: undefined,
    };
    this.#heard.delete(name);
    this.#heard.set(name, heard);
    for (const [oldest, { timer }] of this.#heard) {
      if (this.#heard.size <= MAX_HEARD) break;
      timer?.cancel();
      this.#heard.delete(oldest);
    }
    return heard;
  }

  #send(conversationId: ConversationId, peer: LinkPeer, content: TypingContent): void {
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
      conversationId,
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

function nameOf(conversationId: ConversationId, userId: UserId): string {
  return `${conversationId}/${userId}`;
}
