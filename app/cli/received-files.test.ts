import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { expect, test, vi } from "vitest";
import type { Message, Transfer } from "../../shared/chatkit/chatkit.ts";
import { ConversationId, MessageId, UserId } from "../../shared/protocol/index.ts";
import { MemorySource } from "../../shared/chatkit/testing/memory-file-vault.ts";
import { ReceivedFiles, safeName, type FilesKit } from "./received-files.ts";

test.each([
  ["notes.txt", "notes.txt"],
  ["../../etc/passwd", "_.._etc_passwd"],
  [".bashrc", "bashrc"],
  ["a\\b:c*.txt", "a_b_c_.txt"],
  ["invoice\u202Efdp.exe", "invoice_fdp.exe"],
  ["con.txt", "_con.txt"],
  ["LPT¹", "_LPT¹"],
  ["...", "file"],
  ["会议记录.pdf", "会议记录.pdf"],
])("F1: %j is saved as %j", (name, safe) => {
  expect(safeName(name)).toBe(safe);
});

test("F1: a long name keeps its ending", () => {
  const safe = safeName(`${"长".repeat(255)}.pdf`);
  expect(Buffer.byteLength(safe)).toBeLessThanOrEqual(200);
  expect(safe.endsWith(".pdf")).toBe(true);
});

const ID = `${"A".repeat(21)}A`;
const conversationId = v.parse(ConversationId, ID);

function messageOf(n: number): Message {
  const id = v.parse(MessageId, `${String(n).padStart(21, "0")}A`);
  return {
    id,
    conversationId,
    from: v.parse(UserId, ID),
    own: false,
    order: "",
    sentAt: 0,
    receivedAt: 0,
    body: { type: "file", name: "a.txt" },
    delivery: { state: "received", path: "direct" },
    reactions: [],
  };
}

/** All files are whole at once, where `isHere`. */
function kitOf(isHere: boolean, source: () => MemorySource): FilesKit {
  const transferOf = (messageId: MessageId): Transfer => ({
    messageId,
    conversationId,
    direction: "receive",
    state: isHere ? "complete" : "waiting",
    bytes: 3,
    size: 3,
  });
  return {
    on: () => () => undefined,
    files: {
      fetch: async () => undefined,
      transfer: async (id) => transferOf(id),
      open: async () => source(),
    },
  };
}

test("files that are whole in one moment are all saved, and what cannot be read leaves nothing", async () => {
  const folder = await mkdtemp(join(tmpdir(), "beeline-received-"));
  try {
    vi.useFakeTimers({ toFake: ["Date"] });
    const problems: unknown[] = [];
    const saved: string[] = [];
    const handlers = {
      onSaved: (_: string, path: string) => void saved.push(path),
      onProblem: (error: unknown) => void problems.push(error),
    };
    const whole = kitOf(true, () => new MemorySource(Uint8Array.of(1, 2, 3)));
    const files = new ReceivedFiles(whole, folder, handlers);
    await Promise.all([1, 2, 3].map((n) => files.take(messageOf(n))));
    await expect.poll(() => saved.length + problems.length).toBe(3);
    expect(problems).toEqual([]);
    expect(await readdir(folder)).toHaveLength(3);

    class Broken extends MemorySource {
      override async read(): Promise<Uint8Array> {
        throw new Error("broken");
      }
    }
    const broken = kitOf(true, () => new Broken(Uint8Array.of(1, 2, 3)));
    await new ReceivedFiles(broken, folder, handlers).take(messageOf(4));
    await expect.poll(() => problems.length).toBe(1);
    expect(await readdir(folder)).toHaveLength(3);
  } finally {
    vi.useRealTimers();
    await rm(folder, { recursive: true });
  }
});

test("no more than so many files of one person are waited for", async () => {
  const kit = kitOf(false, () => new MemorySource(new Uint8Array()));
  const files = new ReceivedFiles(kit, "nowhere", {
    onSaved: () => undefined,
    onProblem: () => undefined,
  });
  for (let n = 0; n < 200; n += 1) await files.take(messageOf(n));
  await expect(files.take(messageOf(200))).rejects.toThrow("too many files");
  const other = v.parse(UserId, `${"B".repeat(21)}A`);
  await files.take({ ...messageOf(201), from: other });
});
