import { expect, test } from "vitest";
import fc from "fast-check";
import { decodeBase64 } from "./base64.ts";
import {
  appPermissionText,
  isAppSignature,
  signAppPermission,
  type AppPermission,
} from "./app-signature.ts";

const masterKey = new Uint8Array(32).fill(7);
const permission: AppPermission = {
  appId: "shop",
  action: "invite",
  clientId: "ada",
  conversationId: "c1",
  members: ["cleo", "ben"],
  timestamp: 1_767_225_600_000,
  nonce: "0123456789abcdef",
};

test("the text is the same wherever it is made", () => {
  expect(appPermissionText(permission)).toBe(
    '["beeline app signature v1","shop","invite","ada","c1",["ben","cleo"],1767225600000,"0123456789abcdef"]',
  );
  const reversed = { ...permission, members: permission.members.toReversed() };
  expect(appPermissionText(reversed)).toBe(appPermissionText(permission));
});

test("it is the HMAC that a signing server makes", () => {
  // By another program: HMAC-SHA-256 of the text above with 32 bytes of 7.
  const theirs = decodeBase64("/phrGxcciOc6MJPXUiSEjvnfx+3G6vmB8qGjqXtxll0=");
  expect(signAppPermission(masterKey, permission)).toEqual(theirs);
  expect(isAppSignature(masterKey, permission, theirs)).toBe(true);
});

test("for anything else it is none", () => {
  const signature = signAppPermission(masterKey, permission);
  const others: readonly AppPermission[] = [
    { ...permission, appId: "bank" },
    { ...permission, action: "kick" },
    { ...permission, clientId: "eve" },
    { ...permission, conversationId: "c2" },
    { ...permission, members: ["ben"] },
    { ...permission, members: ["ben,cleo"] },
    { ...permission, timestamp: permission.timestamp + 1 },
    { ...permission, nonce: "0123456789abcdee" },
  ];
  for (const other of others) expect(isAppSignature(masterKey, other, signature)).toBe(false);
  expect(isAppSignature(new Uint8Array(32), permission, signature)).toBe(false);
  expect(isAppSignature(masterKey, permission, signature.subarray(1))).toBe(false);
  fc.assert(
    fc.property(fc.nat(255), (bit) => {
      const changed = Uint8Array.from(signature);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(isAppSignature(masterKey, permission, changed)).toBe(false);
    }),
  );
});

test("no names run together", () => {
  const text = fc.string({ maxLength: 8 });
  const parts = fc.record({ clientId: text, conversationId: text, members: fc.array(text) });
  fc.assert(
    fc.property(parts, parts, (a, b) => {
      const same =
        a.clientId === b.clientId &&
        a.conversationId === b.conversationId &&
        JSON.stringify(a.members.toSorted()) === JSON.stringify(b.members.toSorted());
      const texts = [a, b].map((part) => appPermissionText({ ...permission, ...part }));
      expect(texts[0] === texts[1]).toBe(same);
    }),
  );
});
