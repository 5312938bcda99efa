import { expect, it } from "vitest";
import { Notifications } from "./notifications.ts";
import type { NotificationContent, SystemNotification } from "./notifications.ts";

/** A notification as the system shows it. */
class Shown implements SystemNotification {
  readonly content: NotificationContent;
  readonly title: string;
  state: "new" | "shown" | "closed" = "new";
  readonly #listeners = new Map<string, (details: { reply: string }) => void>();

  constructor(content: NotificationContent) {
    this.content = content;
    this.title = content.title;
  }
  on(event: string, listener: (details: { reply: string }) => void): void {
    this.#listeners.set(event, listener);
  }
  show(): void {
    this.state = "shown";
  }
  close(): void {
    this.state = "closed";
    this.#listeners.get("close")?.({ reply: "" });
  }
  does(event: "click" | "action"): void {
    this.#listeners.get(event)?.({ reply: "" });
  }
  answer(reply: string): void {
    this.#listeners.get("reply")?.({ reply });
  }
}

function setUp() {
  const all: Shown[] = [];
  const clicked: string[] = [];
  const answered: unknown[] = [];
  const notifications = new Notifications({
    create: (content) => {
      const shown = new Shown(content);
      all.push(shown);
      return shown;
    },
    words: () => ({ reply: "Reply…", mute: "Mute" }),
    onClick: (tag) => clicked.push(tag),
    onReply: (tag, text) => answered.push([tag, text]),
    onMute: (tag) => answered.push([tag]),
  });
  const show = (title: string, tag: string): void =>
    notifications.show({ title, body: "text", tag });
  return { all, clicked, answered, show, notifications };
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
  all[1]?.does("click");
  all[2]?.does("click");
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

it("takes back what was read", () => {
  const { all, show, notifications } = setUp();
  show("Ada", "c1");
  show("Ben", "c2");
  notifications.withdraw("c1");
  notifications.withdraw("c3");
  expect(all.map(({ state }) => state)).toEqual(["closed", "shown"]);
});

it("keeps a bounded number", () => {
  const { all, show } = setUp();
  for (let index = 0; index < 33; index++) show("first", `c${index}`);
  show("second", "c0");
  show("second", "c32");
  expect(all[0]?.state).toBe("shown");
  expect(all[32]?.state).toBe("closed");
});

it("can be answered and muted where the page allows it", () => {
  const { all, answered, show, notifications } = setUp();
  show("plain", "c1");
  notifications.show({ title: "Ada", body: "text", tag: "c2", actions: true });
  expect(all.map(({ content }) => content)).toEqual([
    { title: "plain", body: "text" },
    {
      title: "Ada",
      body: "text",
      hasReply: true,
      replyPlaceholder: "Reply…",
      actions: [{ type: "button", text: "Mute" }],
    },
  ]);
  all[1]?.answer("  on my way \n");
  all[1]?.answer("   ");
  all[1]?.answer("x".repeat(5000));
  all[1]?.does("action");
  expect(answered).toEqual([["c2", "on my way"], ["c2", "x".repeat(4096)], ["c2"]]);
});
