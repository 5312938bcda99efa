import { expect, test } from "vitest";
import { originAllowed } from "./origin.ts";

const allowed = ["app://beeline", "https://chat.example.org"];

test.each([
  // No browser, and pages that are named.
  [undefined, "h", false, true],
  ["app://beeline", "h", true, true],
  ["https://chat.example.org", "127.0.0.1:8383", false, true],
  // The server's own pages; behind a proxy the connection is plain and the page is not.
  ["http://localhost:8383", "localhost:8383", false, true],
  ["https://h:8383", "h:8383", true, true],
  ["https://h", "h", false, true],
  ["https://h", "H:443", true, true],
  ["https://[2001:db8::1]:8383", "[2001:DB8::1]:8383", true, true],
  // A page that came by plain http may be anybody's.
  ["http://h:8383", "h:8383", true, false],
  ["https://evil.example", "h", true, false],
  ["https://h:8383", "h:8384", true, false],
  ["https://h.evil.example", "h", false, false],
  ["null", "h", false, false],
  ["", "h", false, false],
  ["https://h", undefined, false, false],
  ["file://", "", false, false],
  ["app://beeline.evil", "h", true, false],
])("H11 origin %s at host %s, encrypted %s: %s", (origin, host, encrypted, expected) => {
  expect(originAllowed(origin, host, allowed, encrypted)).toBe(expected);
});
