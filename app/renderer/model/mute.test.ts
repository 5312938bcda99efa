import { expect, test } from "vitest";
import { mutedUntil, muteUntil } from "./mute.ts";

test("V3: a conversation is muted for hours, until the next morning, or for ever", () => {
  const evening = new Date(2026, 9, 24, 23, 30).getTime();
  expect(muteUntil("hour", evening)).toBe(evening + 3_600_000);
  expect(muteUntil("hours", evening)).toBe(evening + 8 * 3_600_000);
  // The clocks change in this night in many countries.
  expect(new Date(muteUntil("morning", evening)).toString()).toContain("Oct 25 2026 08:00");
  expect(mutedUntil({ mutedUntil: muteUntil("always", evening) }, evening)).toBe(Infinity);
  expect(mutedUntil({ mutedUntil: evening }, evening)).toBeUndefined();
  expect(mutedUntil({ mutedUntil: evening + 1 }, evening)).toBe(evening + 1);
  expect(mutedUntil({}, evening)).toBeUndefined();
});
