import { expect, test } from "vitest";
import { createArgon2Verifier } from "./argon2-verifier.ts";

const cheap = { memoryKiB: 64, passes: 1, parallelism: 1 };

function password(text: string): { type: "password"; password: string } {
  return { type: "password", password: text };
}

test("only the right password is right, whatever keyboard composed it", async () => {
  const verifier = createArgon2Verifier(cheap);
  const stored = await verifier.enrol(password("caf\u00e9 con leche"));
  expect(stored).toMatch(/^\$argon2id\$v=19\$m=64,t=1,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  expect(stored).not.toContain("caf");
  expect(await verifier.verify(password("cafe\u0301 con leche"), stored)).toBe(true);
  expect(await verifier.verify(password("cafe con leche"), stored)).toBe(false);
  expect(await verifier.enrol(password("caf\u00e9 con leche"))).not.toBe(stored);
});

test("a changed cost leaves old hashes valid", async () => {
  const stored = await createArgon2Verifier(cheap).enrol(password("12345678"));
  const dearer = createArgon2Verifier({ ...cheap, memoryKiB: 128, passes: 2 });
  expect(await dearer.verify(password("12345678"), stored)).toBe(true);
});

test("no account, or a credential that is none, is never right", async () => {
  const verifier = createArgon2Verifier(cheap);
  for (const stored of [undefined, "", "none", "$argon2id$v=19$m=64,t=1,p=1$AAAA$AAAA"]) {
    expect(await verifier.verify(password("12345678"), stored)).toBe(false);
  }
});

test("so many at once are refused that nobody would wait for", async () => {
  const verifier = createArgon2Verifier(cheap);
  const all = await Promise.allSettled(
    Array.from({ length: 600 }, () => verifier.verify(password("12345678"), undefined)),
  );
  const refused = all.filter(({ status }) => status === "rejected");
  expect(refused).toHaveLength(600 - 512 - 3);
  expect(refused[0]).toMatchObject({ reason: { errorName: "unavailable" } });
  expect(await verifier.verify(password("12345678"), undefined)).toBe(false);
});
