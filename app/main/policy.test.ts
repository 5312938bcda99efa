import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { POLICY_FEATURES } from "../preload/policy-info.ts";
import { policyPlace, readPolicy } from "./policy.ts";

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "beeline-policy-"));
  file = join(folder, "policy.json");
});
afterEach(() => rm(folder, { recursive: true }));

async function policyOf(content: unknown): Promise<Awaited<ReturnType<typeof readPolicy>>> {
  await writeFile(file, typeof content === "string" ? content : JSON.stringify(content));
  return readPolicy({ file, system: false }, "linux");
}

describe("the policy's place", () => {
  it("is the system's own", () => {
    expect(policyPlace("linux", true, []).file).toBe("/etc/beeline/policy.json");
    // Where only administrators make folders.
    expect(policyPlace("win32", true, []).file).toBe(
      "C:\\Program Files\\Common Files\\Beeline\\policy.json",
    );
    expect(policyPlace("darwin", true, [])).toEqual({
      file: "/Library/Application Support/Beeline/policy.json",
      system: true,
    });
  });

  it("is another by a flag, but not in a package", () => {
    const argv = ["electron", ".", "--policy=/tmp/p.json"];
    expect(policyPlace("linux", false, argv)).toEqual({ file: "/tmp/p.json", system: false });
    expect(policyPlace("linux", true, argv).file).toBe("/etc/beeline/policy.json");
  });
});

describe("a policy", () => {
  it("allows everything where there is no file", async () => {
    const policy = await readPolicy({ file, system: true }, "linux");
    expect(policy.info).toBeUndefined();
    expect(POLICY_FEATURES.every((feature) => policy.allows(feature))).toBe(true);
    expect(policy.leaves("proxy")).toBe(true);
  });

  it("fixes what it names and nothing else", async () => {
    const proxy = { mode: "manual", scheme: "http", host: "p.example.org", port: 3128, bypass: [] };
    const policy = await policyOf({
      server: "https://chat.example.org",
      features: { files: false, voice: true },
      updateFeed: "https://updates.example.org/beeline",
      proxy,
      autoStart: false,
    });
    expect(policy.allows("files")).toBe(false);
    expect(policy.allows("voice")).toBe(true);
    expect(policy.allows("backup")).toBe(true);
    expect(policy.proxy).toEqual(proxy);
    expect(policy.updateFeed).toBe("https://updates.example.org/beeline");
    expect(policy.leaves("autoStart")).toBe(false);
    expect(policy.info).toEqual({
      file,
      server: "https://chat.example.org",
      off: ["files"],
      fixed: ["proxy", "autoStart"],
      autoStart: false,
      ignored: [],
    });
    expect((await policyOf({})).leaves("proxy")).toBe(true);
  });

  it("tells the keys that it does not know, and follows the others", async () => {
    const policy = await policyOf({ features: { fax: false, voice: false }, fature: {}, x: 1 });
    expect(policy.allows("voice")).toBe(false);
    expect(policy.info?.ignored).toEqual(["fature", "x", "features.fax"]);
    expect(policy.info?.problem).toBeUndefined();
  });

  it("may begin with a byte order mark", async () => {
    expect((await policyOf('\uFEFF{"autoStart":true}')).autoStart).toBe(true);
  });
});

describe("a policy that cannot be relied on switches everything off", () => {
  async function expectClosed(problem: string, system = false): Promise<void> {
    const policy = await readPolicy({ file, system }, "linux");
    expect(policy.info?.problem).toContain(problem);
    expect(policy.info?.off).toEqual(POLICY_FEATURES);
    expect(POLICY_FEATURES.some((feature) => policy.allows(feature))).toBe(false);
    expect(policy.leaves("proxy") || policy.leaves("autoStart")).toBe(false);
    expect(policy.updateFeed).toBeUndefined();
  }

  it.each([
    ["not JSON", '{"server":'],
    ["not JSON", ""],
    ["Expected Object", "[]"],
    ["Expected Object", "null"],
    ["at features.files", { features: { files: "no" } }],
    ["at features", { features: [false] }],
    ["at server", { server: "chat.example.org" }],
    ["at server", { server: "https://user:secret@chat.example.org" }],
    ["at updateFeed", { updateFeed: "http://updates.example.org" }],
    ["at proxy", { proxy: { mode: "manual" } }],
  ])("%s: %j", async (problem, content) => {
    await policyOf(content);
    await expectClosed(problem);
  });

  it("where anybody can write it, or its folder", async () => {
    await policyOf({});
    await chmod(file, 0o666);
    await expectClosed("others can write the file");
    await chmod(file, 0o644);
    await chmod(folder, 0o777);
    await expectClosed("others can write its folder");
  });

  it("where it lies at the system's place and is not an administrator's alone", async () => {
    await policyOf({});
    await chmod(file, 0o664);
    await expectClosed("others can write the file", true);
    await chmod(file, 0o644);
    const { info } = await readPolicy({ file, system: true }, "linux");
    const isRoot = process.getuid?.() === 0;
    expect(info?.problem).toBe(isRoot ? undefined : "the file does not belong to root");
  });

  it("on Windows where the person can write it", async () => {
    await policyOf({});
    const policy = await readPolicy({ file, system: true }, "win32");
    expect(policy.info?.problem).toContain("can change it");
    const given = await readPolicy({ file, system: false }, "win32");
    expect(given.info?.problem).toBeUndefined();
  });

  it("where it is longer than any policy", async () => {
    await policyOf(" ".repeat(64 * 1024 + 1));
    await expectClosed("longer than");
  });

  it("where it is a folder", async () => {
    await mkdir(file);
    await expectClosed("not a file");
  });
});
