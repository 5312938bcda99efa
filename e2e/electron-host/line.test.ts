import { expect, it } from "vitest";
import { Line, type LineEnd } from "./line.ts";

/** Two ends that hand each other copies, as processes do. */
function pair(): [Line, Line] {
  const listeners: ((message: unknown) => void)[] = [];
  const end = (other: number): LineEnd => ({
    send: (message) => queueMicrotask(() => listeners[other]?.(structuredClone(message))),
    onMessage: (listener) => void listeners.push(listener),
  });
  return [new Line(end(1)), new Line(end(0))];
}

it("answers questions, with values and with what was thrown", async () => {
  const [one, two] = pair();
  two.on("double", (value) => Number(value) * 2);
  two.on("fail", () => {
    throw new RangeError("too far");
  });
  expect(await one.ask("double", 21)).toBe(42);
  await expect(one.ask("fail")).rejects.toThrow("RangeError: too far");
  await expect(one.ask("unheard of")).rejects.toThrow('nobody takes "unheard of"');
});

it("keeps the order of news and questions", async () => {
  const [one, two] = pair();
  const heard: unknown[] = [];
  two.on("news", (value) => void heard.push(value));
  two.on("what was it?", () => [...heard]);
  one.tell("news", 1);
  one.tell("news", 2);
  expect(await one.ask("what was it?")).toEqual([1, 2]);
});

it("leaves nobody waiting when the other side has gone", async () => {
  const [one, two] = pair();
  two.on("never", () => new Promise(() => {}));
  const asked = one.ask("never");
  one.cut("it has ended");
  await expect(asked).rejects.toThrow("it has ended");
  await expect(one.ask("later")).rejects.toThrow("it has ended");
});
