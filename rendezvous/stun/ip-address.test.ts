import fc from "fast-check";
import { expect, test } from "vitest";
import { ipBytes, ipText } from "./ip-address.ts";

test("addresses become their bytes", () => {
  expect(ipBytes("192.0.2.1")).toEqual(Uint8Array.of(192, 0, 2, 1));
  expect(ipBytes("::1")).toEqual(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1));
  expect(ipBytes("::")).toEqual(new Uint8Array(16));
  expect(ipBytes("2001:db8::")).toEqual(
    Uint8Array.of(0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
  );
  expect(ipBytes("64:ff9b::192.0.2.33")).toEqual(
    Uint8Array.of(0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, 192, 0, 2, 33),
  );
  for (const none of ["", "localhost", "1.2.3", "1.2.3.4.5", "::g", "1::2::3", "fe80::1%eth0 "]) {
    expect(ipBytes(none), none).toBeUndefined();
  }
});

test("bytes become text and come back", () => {
  expect(ipText(Uint8Array.of(10, 0, 0, 255))).toBe("10.0.0.255");
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array({ minLength: 4, maxLength: 4 }),
        fc.uint8Array({ minLength: 16, maxLength: 16 }),
      ),
      (bytes) => {
        expect(ipBytes(ipText(bytes))).toEqual(bytes);
      },
    ),
    { interruptAfterTimeLimit: 1_000 },
  );
});
