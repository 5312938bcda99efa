import { signal } from "@preact/signals";
import { expect, test } from "vitest";
import type {
  HistoryEntry,
  HistoryRecords,
  MessageEntry,
} from "../../../shared/chatkit/history/history-records.ts";
import type { KeptBody } from "../../../shared/protocol/index.ts";
import { createI18n } from "../i18n/i18n.ts";
import { conversationId, deviceId, message, userId } from "../testing/fake-people.ts";
import { escape, htmlEntries } from "./export-html.ts";

const NOW = Date.UTC(2026, 4, 4, 12);
const i18n = createI18n(signal("en"));

function entryOf(n: number, body: KeptBody): MessageEntry {
  const { id, order } = message(1, n, [0, false, ""], NOW);
  return {
    type: "message",
    id,
    order,
    body,
    conversationId: conversationId(1),
    from: { userId: userId(1), deviceId: deviceId(1) },
    sentAt: NOW,
    receivedAt: NOW,
    delivery: { state: "received", path: "direct" },
  };
}

const fileOf = (name: string, mediaType: string): KeptBody => ({
  type: "file",
  fileId: "f00000000000000000000A",
  name,
  mediaType,
  size: 3,
  key: `${"A".repeat(43)}=`,
  header: "A".repeat(32),
});

async function pages(
  title: string,
  entries: readonly MessageEntry[],
  { withFiles = true, inGroup = false } = {},
) {
  async function* all(): AsyncGenerator<HistoryEntry> {
    const peer = inGroup ? {} : { peer: userId(1) };
    yield { type: "conversation", conversationId: conversationId(1), ...peer, title };
    yield* entries;
    yield { type: "end", conversations: 1, messages: entries.length };
  }
  const records: HistoryRecords = {
    header: {
      format: "beeline-history",
      version: 1,
      exportedAt: NOW,
      account: userId(0),
      name: "Ada",
    },
    entries: all(),
  };
  async function* content(): AsyncGenerator<Uint8Array> {
    yield Uint8Array.of(1, 2, 3);
  }
  const found = new Map<string, string>();
  for await (const { name, input } of htmlEntries({
    t: i18n.text.peek(),
    format: i18n.format.peek(),
    language: "en",
    direction: "ltr",
    nameOf: (id) => (id === userId(2) ? "Cleo <b>" : "Ben"),
    records,
    file: async () => (withFiles ? content() : undefined),
    onMessages: () => undefined,
  })) {
    found.set(name, typeof input === "string" ? input : "content");
  }
  return found;
}

test("HI8: whatever somebody wrote or is called stands on the page as text", async () => {
  const hostile = `<script>alert(1)</script>"'><img src=x onerror=alert(1)>`;
  const found = await pages(hostile, [
    entryOf(0, { type: "text", text: hostile }),
    entryOf(1, { type: "text", text: `javascript:alert(1) https://beeline.example/?a="b"&c` }),
    entryOf(2, fileOf(`${hostile}.png`, "image/png")),
    entryOf(3, { type: "recalled" }),
  ]);
  for (const html of [found.get("index.html") ?? "", found.get("chats/1/1.html") ?? ""]) {
    expect(html).toContain("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&gt;");
    // Every tag is one of ours, with attributes of ours.
    const tags = html.match(/<[a-z][^>]*>/g) ?? [];
    for (const tag of tags) {
      expect(tag).not.toMatch(/^<script/);
      const names = tag.replaceAll(/"[^"]*"/g, "").match(/[a-z-]+(?==)/g) ?? [];
      for (const name of names) expect(name).not.toMatch(/^on/);
      expect(tag).not.toContain('href="javascript:');
    }
  }
});

test("HI8: of a group the page says who wrote, and what happened", async () => {
  const said = entryOf(0, { type: "text", text: "Hi" });
  const from = { ...said.from, userId: userId(2) };
  const note = { type: "membership", change: "invite", by: userId(0) } as const;
  const found = await pages(
    "Lab",
    [{ ...said, from }, entryOf(1, { ...note, people: [userId(1), userId(2)] })],
    { inGroup: true },
  );
  const html = found.get("chats/1/1.html") ?? "";
  expect(html).toContain("<bdi>Cleo &lt;b&gt;</bdi>");
  expect(html).toContain("You invited Ben and Cleo &lt;b&gt;");
});

test("HI8: files stand beside their page, under names that lead nowhere else", async () => {
  const names = ["../../etc/passwd", "a/b.png", "..", "c.png"];
  const found = await pages(
    "Bob",
    names.map((name, n) => entryOf(n, fileOf(name, "image/png"))),
  );
  const files = [...found.keys()].filter((name) => name.startsWith("chats/1/files/"));
  expect(files).toHaveLength(4);
  for (const name of files) expect(name.split("/")).toHaveLength(4);
  expect(new Set(files).size).toBe(4);
  const without = await pages("Bob", [entryOf(0, fileOf("c.png", "image/png"))], {
    withFiles: false,
  });
  expect(without.get("chats/1/1.html")).not.toContain("<img");
});

test("HI8: no name of a file stops the export, or makes something else of a picture", async () => {
  const half = "half \ud800.png";
  const page = "photo.png.html";
  const turned = "\u202Egnp.exe";
  const found = await pages("Bob", [
    entryOf(0, fileOf(half, "image/png")),
    entryOf(1, fileOf(page, "image/png")),
    entryOf(2, fileOf(`${"蜜".repeat(251)}.txt`, "text/plain")),
    entryOf(3, fileOf(turned, "application/octet-stream")),
    entryOf(4, fileOf("report.pdf. .", "application/pdf")),
  ]);
  const files = [...found.keys()].filter((name) => name.startsWith("chats/1/files/"));
  const names = files.map((name) => name.slice("chats/1/files/".length));
  expect(names[0]).toBe("1-half \ufffd.png");
  expect(names[1]).toBe("2-photo.png.html.png");
  expect(new TextEncoder().encode(names[2]).length).toBeLessThan(210);
  expect(names[2]).toMatch(/蜜\.txt$/);
  expect(names[3]).toBe("4-gnp.exe");
  expect(names[4]).toBe("5-report.pdf");
  expect(found.get("chats/1/1.html")).not.toContain("\u202E");
});

test("HI8: a long chat has several pages, each of which leads to the next", async () => {
  const many = Array.from({ length: 3_100 }, (_, n) => entryOf(n, { type: "text", text: `m${n}` }));
  const found = await pages("Bob", many);
  expect(found.has("chats/1/3.html")).toBe(true);
  expect(found.get("chats/1/1.html")).toContain('href="2.html"');
  expect(found.get("chats/1/3.html")).not.toContain('href="4.html"');
});

test("text in an attribute cannot leave it", () => {
  expect(escape(`"'<>&`)).toBe("&quot;&#39;&lt;&gt;&amp;");
});
