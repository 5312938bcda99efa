import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempDisposable, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { parseInviteLink } from "../shared/protocol/index.ts";
import { ServerProcess } from "../rendezvous/commands/testing/program.ts";
import { administer } from "./support/rendezvous-process.ts";

const CLI = fileURLToPath(new URL("../app/cli/main.ts", import.meta.url));

async function beeline(
  folder: string,
  ...argv: readonly string[]
): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [CLI, "--data", folder, ...argv], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const closed = once(child, "close");
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  await closed;
  return { code: child.exitCode, out, err };
}

test(
  "H5 by an invitation link one joins a server that nobody has certified; another in its place is found out",
  { timeout: 120_000 },
  async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "beeline-hosting-"));
    const data = join(folder.path, "server");
    const ada = join(folder.path, "ada");
    const password = join(folder.path, "password");
    await writeFile(password, "correct horse battery\n", { mode: 0o600 });
    const flags = ["--registration", "invite", "--public-address", "https://127.0.0.1"];

    await using first = await ServerProcess.start(data, flags);
    const address = `127.0.0.1:${first.port}`;
    const made = await administer(data, ["invite", "--public-address", address]);
    const link = made.split("\n")[1] ?? "";
    const server = parseInviteLink(link)?.server ?? "";
    expect(server).toBe(`https://${address}`);
    const who = ["--user", "ada", "--password-file", password];
    expect(await beeline(ada, "register", "--server", link, ...who)).toMatchObject({
      code: 0,
      err: "",
    });
    // The fingerprint is remembered with the account.
    expect(await beeline(ada, "buddies")).toMatchObject({ code: 0, err: "" });
    // Without it nobody knows the certificate.
    const stranger = await beeline(join(folder.path, "x"), "login", "--server", server, ...who);
    expect(stranger.code).toBe(3);
    expect(stranger.err).toMatch(/self.signed|certificate/i);

    // Somebody who has the address, and even the database, but not the key of the certificate.
    await first.end("SIGTERM");
    await rm(join(data, "certificate.pem"));
    const port = ["--port", String(first.port)];
    await using second = await ServerProcess.start(data, [...flags, ...port]);
    expect(second.port).toBe(first.port);
    const login = await beeline(ada, "login", ...who);
    expect(login.code).toBe(7);
    expect(login.err).toContain("not the one that the invitation link names");
    const back = await beeline(ada, "buddies");
    expect(back.code).toBe(3);
    expect(back.err).toContain("server-untrusted");
  },
);
