import { signal, type ReadonlySignal } from "@preact/signals";
import * as v from "valibot";
import { MessageId } from "../../../shared/protocol/index.ts";
import { readItem, writeItem } from "../platform/local-items.ts";

const KEY = "beeline:played";
/** What is older counts as played: nobody goes back to look for a dot. 11 kB. */
const MAX_PLAYED = 500;

const Played = v.array(MessageId);
const played = signal<ReadonlySet<MessageId> | undefined>(undefined);

/** Voice messages of others that were played on this device. */
export function playedVoices(): ReadonlySignal<ReadonlySet<MessageId> | undefined> {
  if (played.peek() === undefined) played.value = new Set(read());
  return played;
}

export function markPlayed(id: MessageId): void {
  const known = playedVoices().peek() ?? new Set();
  if (known.has(id)) return;
  const next = [...known, id].slice(-MAX_PLAYED);
  played.value = new Set(next);
  writeItem(KEY, JSON.stringify(next));
}

function read(): readonly MessageId[] {
  try {
    return v.parse(Played, JSON.parse(readItem(KEY) ?? "[]"));
  } catch {
    // Damaged: as if nothing had been played.
    return [];
  }
}
