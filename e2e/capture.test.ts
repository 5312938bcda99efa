import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import * as v from "valibot";
import { findText } from "./support/find-text.ts";

const DEMO = fileURLToPath(new URL("demo.ts", import.meta.url));
const Said = v.object({ password: v.string(), texts: v.array(v.string()) });

test(
  "of the demo, nothing that was said and no password is on the server's sockets or disk",
  { timeout: 90_000 },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "beeline-capture-"));
    try {
      const child = spawn(process.execPath, [DEMO, "--json", "--capture", folder], {
        stdio: ["ignore", "ignore", "pipe"],
      });
      const closed = once(child, "close");
      const err = await text(child.stderr);
      await closed;
      expect({ code: child.exitCode, err }).toEqual({ code: 0, err: "" });

      const said = v.parse(Said, JSON.parse(await readFile(join(folder, "said.json"), "utf8")));
      const socket = await readFile(join(folder, "socket.bin"));
      // The recording holds what clients say, unmasked, and relayed bytes and stored envelopes too.
      for (const visible of ["mailbox.put", "relay.open", "session.prove", "ada"]) {
        expect(findText(socket, visible), visible).toBe("utf8");
      }
      const disk = await allFiles(join(folder, "server"));
      expect(findText(disk, "ben")).toBe("utf8");
      // The part that all messages of a stage have in common is said more often than any one text.
      const secrets = [said.password, ...new Set(said.texts.map((one) => one.slice(0, -6)))];
      expect(secrets).toHaveLength(4);
      for (const secret of secrets) {
        expect([secret, findText(socket, secret)]).toEqual([secret, undefined]);
        expect([secret, findText(disk, secret)]).toEqual([secret, undefined]);
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
);

test("text is found in whatever encoding it hides", () => {
  const secret = "a secret line";
  const utf8 = Buffer.from(`xy${secret}zz`);
  expect(findText(utf8, secret)).toBe("utf8");
  expect(findText(Buffer.from(`q${secret}`, "utf16le"), secret)).toBe("utf16le");
  for (const before of ["", "1", "12", "123"]) {
    const inside = Buffer.from(`${before}${secret}!`);
    expect(findText(Buffer.from(`..${inside.toString("base64")}`), secret)).toBe("base64");
    expect(findText(Buffer.from(inside.toString("hex")), secret)).toBe("hex");
  }
  expect(findText(Buffer.from("a secret lime"), secret)).toBeUndefined();
});

async function allFiles(folder: string): Promise<Buffer> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return Buffer.concat(
    await Promise.all(files.map((file) => readFile(join(file.parentPath, file.name)))),
  );
}
