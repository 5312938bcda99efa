import { expect, test } from "vitest";
import { messageIds } from "../testing/fake-files.ts";
import { isPlayed, withPlayed, type PlayedVoices } from "./voice-played.ts";

test("what was played stays played, also when it is forgotten; newer ones are still to be heard", () => {
  const voices = messageIds(503).map((id, index) => ({ id, sentAt: 1000 + index }));
  const [oldest, missed] = voices;
  const newest = voices.at(-1);
  if (oldest === undefined || missed === undefined || newest === undefined) throw new Error("none");
  let played: PlayedVoices = { until: 0, voices: [] };
  expect(isPlayed(played, oldest)).toBe(false);
  // The last one stays unheard, and so does the second, until it is far away.
  for (const voice of voices.slice(0, -1)) if (voice !== missed) played = withPlayed(played, voice);
  expect(played.voices).toHaveLength(500);
  expect(played.until).toBe(oldest.sentAt);
  expect(isPlayed(played, oldest)).toBe(true);
  expect(isPlayed(played, missed)).toBe(false);
  expect(isPlayed(played, newest)).toBe(false);
  expect(withPlayed(played, oldest)).toBe(played);
  expect(isPlayed(withPlayed(played, newest), missed)).toBe(true);
  expect(withPlayed(played, newest).until).toBe(1002);
});
