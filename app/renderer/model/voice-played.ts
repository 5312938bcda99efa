import { signal, type ReadonlySignal } from "@preact/signals";
import * as v from "valibot";
import type { Message } from "../../../shared/chatkit/api.ts";
import { MessageId } from "../../../shared/protocol/index.ts";
import { readItem, writeItem } from "../platform/local-items.ts";

const KEY = "beeline:played-voices";
/** The newest are remembered one by one; what is older than all of them counts as played. 22 kB. */
const MAX_PLAYED = 500;

export const PlayedVoices = v.object({
  /** Everything sent until then counts as played: nobody goes back to look for a dot. */
  until: v.number(),
  /** When each was sent; the one sent longest ago first. */
  voices: v.pipe(v.array(v.tuple([MessageId, v.number()])), v.readonly()),
});
export type PlayedVoices = v.InferOutput<typeof PlayedVoices>;

type Voice = Pick<Message, "id" | "sentAt">;

const NONE: PlayedVoices = { until: 0, voices: [] };

export function isPlayed({ until, voices }: PlayedVoices, { id, sentAt }: Voice): boolean {
  return sentAt <= until || voices.some(([known]) => known === id);
}

export function withPlayed(played: PlayedVoices, voice: Voice): PlayedVoices {
  if (isPlayed(played, voice)) return played;
  const added = [voice.id, voice.sentAt] as const;
  const voices = [...played.voices, added].toSorted(([, a], [, b]) => a - b);
  const forgotten = voices.splice(0, Math.max(0, voices.length - MAX_PLAYED));
  const until = Math.max(played.until, ...forgotten.map(([, sentAt]) => sentAt));
  return { until, voices: voices.map(([id, sentAt]) => [id, sentAt]) };
}

const played = signal<PlayedVoices | undefined>(undefined);

/** Voice messages of others that were played on this device. */
export function playedVoices(): ReadonlySignal<PlayedVoices | undefined> {
  if (played.peek() === undefined) played.value = read();
  return played;
}

/**
 * At the start of the program: what was said before its first one on this device is of a history that
 * was brought here, and was heard elsewhere. @param now ms since the epoch
 */
export function beginPlayedVoices(now: number): void {
  if (readItem(KEY) === undefined) writeItem(KEY, JSON.stringify({ ...NONE, until: now }));
}

export function markPlayed(voice: Voice): void {
  const known = playedVoices().peek() ?? NONE;
  const next = withPlayed(known, voice);
  if (next === known) return;
  played.value = next;
  writeItem(KEY, JSON.stringify(next));
}

function read(): PlayedVoices {
  try {
    return v.parse(PlayedVoices, JSON.parse(readItem(KEY) ?? JSON.stringify(NONE)));
  } catch {
    // Damaged: as if nothing had been played.
    return NONE;
  }
}
