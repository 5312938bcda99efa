import * as v from "valibot";
import {
  HybridTime,
  type ConversationId,
  type DeviceId,
  type UserId,
} from "../../protocol/index.ts";
import type { OutboxRecipient, Store, StoreWrite } from "../store.ts";
import { HybridClock } from "./hybrid-clock.ts";
import { orderTime } from "./order.ts";

const Saved = v.object({
  sequence: v.number(),
  last: v.record(v.string(), v.number()),
  time: HybridTime,
});

/** Gaps remembered for each device; of more, the oldest cost their receiver a wait (SPEC O3). */
const MAX_GAPS = 4_096;

interface Timeline {
  sequence: number;
  /** By recipient device: the sequence of the last message for it. */
  readonly last: Map<string, number>;
  /** By recipient device: sequences that it will never get, each with the one before it. */
  readonly gaps: Map<string, Map<number, number>>;
  readonly clock: HybridClock;
}

const PREFIX = "timeline/";

/** This device's place in every conversation: sequence numbers, their predecessors, and time. */
export class Timelines {
  readonly #timelines = new Map<ConversationId, Timeline>();

  /** @throws StoreError */
  async load(store: Store): Promise<void> {
    const saved = await store.values(PREFIX);
    for (const { conversationId, last: newest, readUpTo } of await store.conversations()) {
      const text = saved.get(PREFIX + conversationId);
      const {
        sequence,
        last: after,
        time,
      } = text === undefined
        ? { sequence: 0, last: {}, time: { ms: 0, counter: 0 } }
        : v.parse(Saved, JSON.parse(text));
      const clock = new HybridClock(time);
      // What was received moved the clock too; it is not saved for that alone.
      for (const order of [newest?.order, readUpTo]) {
        if (order !== undefined) clock.observe(orderTime(order), orderTime(order).ms);
      }
      this.#timelines.set(conversationId, {
        sequence,
        last: new Map(Object.entries(after)),
        gaps: new Map(),
        clock,
      });
    }
  }

  /** The time under which a received message is filed. @param now wall clock, ms */
  observe(conversationId: ConversationId, time: HybridTime, now: number): HybridTime {
    return this.#of(conversationId).clock.observe(time, now);
  }

  /**
   * Numbers a new message. What `write` gives belongs into the commit that makes it durable.
   * @param now wall clock, ms
   * @param others devices of the conversation that do not get this one, and come back
   */
  next(
    conversationId: ConversationId,
    devices: readonly { userId: UserId; deviceId: DeviceId }[],
    now: number,
    others: readonly { deviceId: DeviceId }[] = [],
  ): { sequence: number; at: HybridTime; recipients: OutboxRecipient[] } {
    const timeline = this.#of(conversationId);
    const sequence = ++timeline.sequence;
    const at = timeline.clock.tick(now);
    const recipients = devices.map(({ userId, deviceId }): OutboxRecipient => {
      const after = timeline.last.get(deviceId) ?? 0;
      timeline.last.set(deviceId, sequence);
      return { userId, deviceId, after, state: "waiting" };
    });
    // Devices that are gone do not come back under their old id.
    if (timeline.last.size > devices.length) {
      const present = new Set<string>([...devices, ...others].map(({ deviceId }) => deviceId));
      for (const device of timeline.last.keys()) {
        if (present.has(device)) continue;
        timeline.last.delete(device);
        timeline.gaps.delete(device);
      }
    }
    return { sequence, at, recipients };
  }

  /** The conversation's timeline as it is now. */
  write(conversationId: ConversationId): StoreWrite {
    return writeOf(conversationId, this.#of(conversationId));
  }

  /**
   * The device will never get that sequence: no later message may wait for it there.
   * @param after the sequence before it for that device
   * @returns a write where the next message's predecessor changed; losing it costs a wait only
   */
  failed(
    conversationId: ConversationId,
    device: DeviceId,
    place: { readonly sequence: number; readonly after: number },
  ): StoreWrite | undefined {
    const timeline = this.#of(conversationId);
    const gaps = timeline.gaps.get(device) ?? new Map<number, number>();
    timeline.gaps.set(device, gaps);
    gaps.set(place.sequence, this.predecessor(conversationId, device, place.after));
    for (const oldest of gaps.keys()) {
      if (gaps.size <= MAX_GAPS) break;
      gaps.delete(oldest);
    }
    const last = timeline.last.get(device);
    if (last === undefined) return undefined;
    const reached = this.predecessor(conversationId, device, last);
    if (reached === last) return undefined;
    timeline.last.set(device, reached);
    return writeOf(conversationId, timeline);
  }

  /** The newest sequence up to `after` that has not failed for that device. */
  predecessor(conversationId: ConversationId, device: DeviceId, after: number): number {
    const gaps = this.#timelines.get(conversationId)?.gaps.get(device);
    let reached = after;
    for (let before = gaps?.get(reached); before !== undefined; before = gaps?.get(reached)) {
      reached = before;
    }
    return reached;
  }

  #of(conversationId: ConversationId): Timeline {
    let timeline = this.#timelines.get(conversationId);
    if (timeline === undefined) {
      timeline = { sequence: 0, last: new Map(), gaps: new Map(), clock: new HybridClock() };
      this.#timelines.set(conversationId, timeline);
    }
    return timeline;
  }
}

function writeOf(conversationId: ConversationId, timeline: Timeline): StoreWrite {
  const { sequence, last, clock } = timeline;
  const value = JSON.stringify({ sequence, last: Object.fromEntries(last), time: clock.last });
  return { type: "put-value", key: PREFIX + conversationId, value };
}
