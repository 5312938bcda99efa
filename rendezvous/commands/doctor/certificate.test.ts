import { mkdtempDisposable, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readSettings } from "../../config/read-settings.ts";
import { ownCertificate, ownCertificateFile } from "../../http/own-certificate.ts";
import { checkCertificate } from "./certificate.ts";

test("it tells what certificate there is, and what is wrong with it", async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), "beeline-doctor-"));
  const look = (flags: Record<string, unknown> = {}) => {
    const all = { flags: { data: folder.path, ...flags }, env: {}, file: undefined };
    return checkCertificate(readSettings(all));
  };
  expect(look({ tls: "off" })).toMatchObject([{ state: "good" }]);
  expect(look()).toEqual([
    { state: "good", text: "TLS: a certificate will be made at the first start." },
  ]);
  await ownCertificate(folder.path);
  expect(look()).toMatchObject([{ state: "good" }]);
  expect(look()[0]?.text).toMatch(/own certificate is valid for 36\d\d more days/);
  const given = ownCertificateFile(folder.path);
  expect(look({ "tls-cert": given, "tls-key": given })).toMatchObject([{ state: "good" }]);
  await writeFile(given, "noise");
  expect(look()).toMatchObject([{ state: "bad" }]);
  expect(look({ "tls-cert": given, "tls-key": given })).toMatchObject([{ state: "bad" }]);
});
