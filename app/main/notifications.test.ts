import { expect, it } from "vitest";
import { Notifications } from "./notifications.ts";
import type { SystemNotification } from "./notifications.ts";

/** A notification as the system shows it. */
class Shown implements SystemNotification {
  readonly title: string;
  state: "new" | "shown" | "closed" = "new";
  readonly #listeners = new Map<string, () => void>();

  constructor(content: { title: string }) {
    this.title = content.title;
  }
  on(event: "click" | "close", listener: () => void): void {
    this.#listeners.set(event, listener);
  }
  show(): void {
    this.state = "shown";
  }
  close(): void {
    this.state = "closed";
    this.#listeners.get("close")?.();
  }
  click(): void {
    this.#listeners.get("click")?.();
  }
}

function setUp() {
  const all: Shown[] = [];
  const clicked: string[] = [];
  const notifications = new Notifications(
    (content) => {
      const shown = new Shown(content);
      all.push(shown);
      return shown;
    },
    (tag) => clicked.push(tag),
  );
  const show = (title: string, tag: string): void =>
    notifications.show({ title, body: "text", tag });
  return { all, clicked, show };
}

it("shows one per tag and tells which was clicked", () => {
  const { all, clicked, show } = setUp();
  show("Ada", "c1");
  show("Ben", "c2");
  show("Ada again", "c1");
  expect(all.map(({ title, state }) => [title, state])).toEqual([
    ["Ada", "closed"],
    ["Ben", "shown"],
    ["Ada again", "shown"],
  ]);
  all[1]?.click();
  all[2]?.click();
  expect(clicked).toEqual(["c2", "c1"]);
});

it("still replaces one whose predecessor's closing is told late", () => {
  const { all, show } = setUp();
  show("1", "c");
  show("2", "c");
  all[0]?.close();
  show("3", "c");
  expect(all.map(({ state }) => state)).toEqual(["closed", "closed", "shown"]);
});

it("keeps a bounded number", () => {
  const { all, show } = setUp();
  for (let index = 0; index < 33; index++) show("first", `c${index}`);
  show("second", "c0");
  show("second", "c32");
  expect(all[0]?.state).toBe("shown");
  expect(all[32]?.state).toBe("closed");
});
