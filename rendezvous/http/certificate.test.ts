import { copyFile, mkdtempDisposable, rename, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { OperatorError } from "../config/operator-error.ts";
import { fingerprintOf, readTls, watchTls } from "./certificate.ts";
import { ownCertificate, ownCertificateFile } from "./own-certificate.ts";

interface Place extends AsyncDisposable {
  readonly files: { readonly cert: string; readonly key: string };
  /** Another certificate with its key. */
  make(name: string): Promise<string>;
}

async function makePlace(): Promise<Place> {
  const folder = await mkdtempDisposable(join(tmpdir(), "beeline-tls-"));
  const make = async (name: string): Promise<string> => {
    await ownCertificate(join(folder.path, name));
    return ownCertificateFile(join(folder.path, name));
  };
  const first = await make("first");
  const files = { cert: join(folder.path, "cert.pem"), key: join(folder.path, "key.pem") };
  await copyFile(first, files.cert);
  await copyFile(first, files.key);
  return { files, make, [Symbol.asyncDispose]: () => folder.remove() };
}

async function replace(file: string, by: string): Promise<void> {
  await copyFile(by, `${file}.new`);
  await rename(`${file}.new`, file);
}

test("H4 a renewal of certificate and key is noticed, whichever is replaced first", async () => {
  await using place = await makePlace();
  const { files } = place;
  const former = fingerprintOf(readTls(files).cert);
  const next = await place.make("next");
  const renewed: string[] = [];
  const warnings: string[] = [];
  using _ = watchTls(
    files,
    ({ cert }) => renewed.push(fingerprintOf(cert)),
    (message) => warnings.push(message),
    20,
  );
  await replace(files.cert, next);
  await vi.waitFor(() => expect(warnings).toHaveLength(1));
  expect(warnings[0]).toContain("The former certificate stays in use.");
  expect(renewed).toEqual([]);
  await replace(files.key, next);
  await vi.waitFor(() => expect(renewed).toHaveLength(1));
  expect(renewed[0]).toBe(fingerprintOf(readTls(files).cert));
  expect(renewed[0]).not.toBe(former);
});

test("H4 SIGHUP reads them at once", async () => {
  await using place = await makePlace();
  const renewed: string[] = [];
  {
    using _ = watchTls(
      place.files,
      ({ cert }) => renewed.push(fingerprintOf(cert)),
      () => undefined,
    );
    process.emit("SIGHUP");
    expect(renewed).toHaveLength(1);
  }
  process.emit("SIGHUP");
  expect(renewed).toHaveLength(1);
});

test("what is no pair is one line", async () => {
  await using place = await makePlace();
  await replace(place.files.key, await place.make("other"));
  expect(() => readTls(place.files)).toThrow(OperatorError);
});

test("H3 a damaged certificate of its own is not replaced unasked: links would break", async () => {
  await using place = await makePlace();
  const file = await place.make("own");
  await writeFile(file, "noise");
  await expect(ownCertificate(join(file, ".."))).rejects.toThrow("make new invitation links");
});
