import { beforeEach, expect, test, vi } from "vitest";
import type { MessageId } from "../../../shared/protocol/index.ts";
import { messageIds } from "../testing/fake-files.ts";
import { VoicePlayer, type Sound } from "./voice-player.ts";

const [first, second] = messageIds(2);
if (first === undefined || second === undefined) throw new Error("no ids");

class FakeSound implements Sound {
  src = "";
  currentTime = 0;
  playbackRate = 1;
  readonly #handlers = new Map<string, () => void>();
  async play(): Promise<void> {
    this.tell("playing");
  }
  pause(): void {
    this.tell("pause");
  }
  addEventListener(event: string, handler: () => void): void {
    this.#handlers.set(event, handler);
  }
  tell(event: string): void {
    this.#handlers.get(event)?.();
  }
}

let sound = new FakeSound();
const release = vi.fn<(id: MessageId) => void>();
let player = new VoicePlayer(async () => "", release);

beforeEach(() => {
  sound = new FakeSound();
  release.mockReset();
  player = new VoicePlayer(
    async (id) => `blob:${id}`,
    release,
    () => sound,
  );
});

test("plays, pauses, goes on, and tells where it is", async () => {
  await player.toggle(first, () => undefined);
  expect(player.playing.value).toEqual({ id: first, state: "playing" });
  sound.currentTime = 2.5;
  sound.tell("timeupdate");
  expect(player.position.value).toBe(2.5);
  await player.toggle(first, () => undefined);
  expect(player.playing.value?.state).toBe("paused");
  player.seek(4);
  await player.toggle(first, () => undefined);
  expect([sound.currentTime, player.playing.value?.state]).toEqual([4, "playing"]);
});

test("the next one follows by itself, at the same speed, and then it is quiet", async () => {
  player.nextRate();
  await player.toggle(first, (after) => (after === first ? second : undefined));
  sound.tell("ended");
  await vi.waitFor(() => expect(player.playing.value?.state).toBe("playing"));
  expect(player.playing.value?.id).toBe(second);
  expect([sound.src, sound.playbackRate]).toEqual([`blob:${second}`, 1.5]);
  sound.tell("ended");
  expect(player.playing.value).toBeUndefined();
  expect(release.mock.calls).toEqual([[first], [second]]);
});

test("another one stops the first; one that cannot be opened is told", async () => {
  await player.toggle(first, () => undefined);
  await player.toggle(second, () => undefined, 3);
  expect(release).toHaveBeenCalledWith(first);
  expect([player.playing.value?.id, sound.currentTime]).toEqual([second, 3]);
  const broken = new VoicePlayer(
    () => Promise.reject(new Error("gone")),
    release,
    () => sound,
  );
  await expect(broken.toggle(first, () => undefined)).rejects.toThrow("gone");
  expect(broken.playing.value).toBeUndefined();
});

test("one that is stopped while it loads is let go of once, and is no error", async () => {
  const opening = Promise.withResolvers<string>();
  const taken = new DOMException("another source was set", "AbortError");
  const slow = new VoicePlayer(
    async (id) => (id === first ? await opening.promise : `blob:${id}`),
    release,
    () => sound,
  );
  const early = slow.toggle(first, () => undefined);
  await slow.toggle(second, () => undefined);
  opening.resolve("blob:late");
  await early;
  expect(release.mock.calls).toEqual([[first]]);
  expect([slow.playing.value?.id, sound.src]).toEqual([second, `blob:${second}`]);

  const play = Promise.withResolvers<void>();
  sound.play = () => play.promise;
  const late = slow.toggle(first, () => undefined);
  await vi.waitFor(() => expect(sound.src).toBe("blob:late"));
  slow.stop();
  play.reject(taken);
  await late;
  expect(release.mock.calls).toEqual([[first], [second], [first]]);
});

test("speeds go round", () => {
  const seen = [1, 2, 3].map(() => {
    player.nextRate();
    return player.rate.value;
  });
  expect(seen).toEqual([1.5, 2, 1]);
});
