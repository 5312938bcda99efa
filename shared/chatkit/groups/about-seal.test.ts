import { expect, test } from "vitest";
import { limits } from "../../protocol/index.ts";
import { encodeBase64, NONCE_BYTES, sealContent } from "../../crypto/index.ts";
import { seededRandom } from "../testing/test-ports.ts";
import { checkedAbout, openAbout, sealAbout } from "./about-seal.ts";

const key = new Uint8Array(32).fill(1);
const group = new Uint8Array(16).fill(2);
const random = seededRandom(3);

function jpeg(bytes: number): string {
  const image = new Uint8Array(bytes);
  image.set([0xff, 0xd8, 0xff]);
  return encodeBase64(image);
}

test("G5: name and picture open with the group's key, in that group alone", () => {
  const about = { name: "Harbour", description: "Who ties up where", picture: jpeg(1_000) };
  const sealed = sealAbout(key, group, about, random);
  expect(openAbout(key, group, sealed)).toEqual(about);
  expect(openAbout(new Uint8Array(32), group, sealed)).toBeUndefined();
  expect(openAbout(key, new Uint8Array(16), sealed)).toBeUndefined();
});

test("G5: the longest name, description and picture fit what the wire takes", () => {
  const about = checkedAbout({
    name: "名".repeat(limits.MAX_GROUP_NAME_LENGTH),
    description: "名".repeat(limits.MAX_GROUP_DESCRIPTION_LENGTH),
    picture: jpeg(limits.MAX_GROUP_PICTURE_BYTES),
  });
  const sealed = sealAbout(key, group, about, random);
  expect(sealed.length).toBeLessThanOrEqual(limits.MAX_GROUP_ABOUT_BYTES);
});

test("G5: names of similar length weigh the same", () => {
  const short = sealAbout(key, group, { name: "A" }, random);
  const longer = sealAbout(key, group, { name: "A much longer name" }, random);
  expect(short.length).toBe(longer.length);
});

test("what a member's program seals that is no name is none", () => {
  for (const text of [
    "",
    "{}",
    '{"name":""}',
    '{"name":"x","picture":"AAAA"}',
    '{"name":" \\n "}',
  ]) {
    const domain = new TextEncoder().encode("beeline group about v1\0");
    const bound = new Uint8Array([...domain, ...group]);
    const bytes = new TextEncoder().encode(text);
    const sealed = sealContent(key, random.bytes(NONCE_BYTES), bound, bytes);
    expect(openAbout(key, group, sealed)).toBeUndefined();
  }
});

test("a name is one line, and a description without words is none", () => {
  const about = checkedAbout({ name: "  Harbour\nmasters ", description: "  " });
  expect(about).toEqual({ name: "Harbour masters" });
});

test.each([
  ["no name", { name: "   " }],
  ["a name that is too long", { name: "x".repeat(limits.MAX_GROUP_NAME_LENGTH + 1) }],
  ["a picture that is too large", { name: "x", picture: jpeg(limits.MAX_GROUP_PICTURE_BYTES + 3) }],
  ["a picture that is none", { name: "x", picture: encodeBase64(new Uint8Array(30)) }],
  ["a picture that is no base64", { name: "x", picture: "<svg>" }],
])("%s is refused", (_, about) => {
  expect(() => checkedAbout(about)).toThrow("A group has a name");
});
