import { mkdtempDisposable, readFile, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import decodeQR from "qr/decode.js";
import { expect, test } from "vitest";
import { parseInviteLink } from "../../shared/protocol/index.ts";
import { readSettings } from "../config/read-settings.ts";
import { fingerprintOf } from "../http/certificate.ts";
import { ownCertificateFile } from "../http/own-certificate.ts";
import { announced } from "./announced.ts";
import { ServerProcess } from "./testing/program.ts";
import { runInside } from "./testing/run-inside.ts";

const temporary = (): ReturnType<typeof mkdtempDisposable> =>
  mkdtempDisposable(join(tmpdir(), "beeline-invite-"));

/** What a camera would read of half blocks in a terminal of light letters on a dark ground. */
function readBlocks(text: string): string {
  const rows = text
    .trimEnd()
    .split("\n")
    .map((line) => Array.from(line));
  const scale = 4;
  const width = Math.max(...rows.map((row) => row.length)) * scale;
  const height = rows.length * 2 * scale;
  const data = new Uint8Array(width * height * 4);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const cell = rows[Math.floor(y / (2 * scale))]?.[Math.floor(x / scale)] ?? " ";
      const upper = y % (2 * scale) < scale;
      const light = cell === "█" || cell === (upper ? "▀" : "▄");
      data.set([...Array<number>(3).fill(light ? 255 : 0), 255], (y * width + x) * 4);
    }
  }
  return decodeQR({ width, height, data });
}

test("H6 an invitation is a code, a link and a QR code of the link", async () => {
  await using folder = await temporary();
  const data = join(folder.path, "data");
  const flags = ["--data", data, "--public-address", "chat.example.org:9000"];
  const { stdout, code } = await runInside(["invite", ...flags]);
  expect(code).toBe(0);
  const [invite = "", link = "", , ...blocks] = stdout.split("\n");
  // The certificate is made by whoever comes first; the server takes the same.
  const pin = fingerprintOf(await readFile(ownCertificateFile(data)));
  expect(parseInviteLink(link)).toEqual({ server: "https://chat.example.org:9000", invite, pin });
  expect(readBlocks(blocks.join("\n"))).toBe(link);
});

test("H6 the link names the address and certificate that the running server has", async () => {
  await using folder = await temporary();
  await using server = await ServerProcess.start(folder.path, ["--public-address", "192.0.2.5"]);
  const made = await runInside(["invite", "--json", "--uses", "3", "--data", folder.path]);
  expect(made.stdout).toContain('"usesLeft":3');
  const link = parseInviteLink(/"link":"([^"]*)"/.exec(made.stdout)?.[1] ?? "");
  expect(link?.server).toBe(`https://192.0.2.5:${server.port}`);
  expect(link?.pin).toBe(fingerprintOf(await readFile(ownCertificateFile(folder.path))));
  expect(server.log).toContain(`"certificate":"${link?.pin}"`);
  expect((await stat(join(folder.path, "announced.json"))).mode & 0o777).toBe(0o600);
});

test.each([
  ["a proxy with a certificate that all trust", { "trust-proxy": true, "public-address": "h" }],
  ["TLS is off", { tls: "off" }],
  ["it is for this machine alone", { host: "127.0.0.1" }],
])("H6 no pin where %s", async (_why, flags) => {
  await using folder = await temporary();
  const given = { flags: { ...flags, data: folder.path }, env: {}, file: undefined };
  expect((await announced(readSettings(given))).pin).toBeUndefined();
  const plain = readSettings({ ...given, flags: { host: "192.0.2.5", data: folder.path } });
  expect((await announced(plain)).pin).toHaveLength(43);
});

test("H8 what was made and withdrawn stands in the audit log, the code does not", async () => {
  await using folder = await temporary();
  const run = (...argv: string[]) => runInside([...argv, "--data", folder.path]);
  const [code = ""] = (await run("invite", "--uses", "2")).stdout.split("\n");
  expect((await run("invite", "revoke", code.slice(0, 4))).code).toBe(0);
  const { stdout } = await run("audit");
  const lines = stdout.trimEnd().split("\n");
  expect(lines[0]).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}invite-made +administrator/);
  expect(lines[0]).toContain(`${code.slice(0, 4)}  (2 uses)`);
  expect(lines[1]).toContain("invite-revoked");
  expect(stdout).not.toContain(code);
  expect((await run("audit", "--since", "2100-01-01")).stdout).toBe("");
  expect((await run("audit", "--since", "1h", "--json")).stdout).toContain('"invite-made"');
  expect(await run("audit", "--since", "soon")).toMatchObject({ code: 2 });
});
