import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { conversationLink, parseAppLink } from "./app-link.ts";

const PIN = "3djnxEloFENZhDJhXOreT9kBhAzOGcz6E9X75sV9udQ";
const KEY = "A".repeat(43);

describe("a link of the app", () => {
  it("is an invitation", () => {
    expect(parseAppLink(`beeline://chat.example.org:8443/#invite=abcd&pin=${PIN}`)).toEqual({
      kind: "invite",
      invite: { server: "https://chat.example.org:8443", invite: "abcd", pin: PIN },
    });
    // A server that is called as the other kind of link.
    expect(parseAppLink("beeline://conversation/#invite=abcd")).toEqual({
      kind: "invite",
      invite: { server: "https://conversation", invite: "abcd" },
    });
  });

  it("is an invitation into a group, and nothing else where it is broken", () => {
    const link = `beeline://chat.example.org/#group=${"A".repeat(22)}&secret=${KEY}&key=${KEY}`;
    expect(parseAppLink(link)).toEqual({ kind: "group", link });
    for (const broken of [link.slice(0, -1), link.replace("&secret", "&invite"), `${link}9`]) {
      expect(parseAppLink(broken)).toBeUndefined();
    }
    // Only the app's own scheme opens the app.
    expect(parseAppLink(link.replace("beeline", "https"))).toBeUndefined();
  });

  it.each(["ada", "ada.lovelace-2", "Ben_1"])("is a conversation with %s", (userName) => {
    expect(parseAppLink(conversationLink(userName))).toEqual({ kind: "conversation", userName });
    expect(parseAppLink(`BEELINE://Conversation/${userName}/`)).toEqual({
      kind: "conversation",
      userName,
    });
  });

  it.each([
    "",
    "beeline:",
    "beeline://",
    "beeline:conversation/ada",
    "https://conversation/ada",
    "javascript:alert(1)//beeline://conversation/ada",
    " beeline://conversation/ada",
    "beeline://conversation/%",
    "beeline://conversation/%E5%8E%A8%E6%88%BF%20%3Cscript%3E",
    "beeline://conversation/..",
    "beeline://conversation/%2e%2e",
    "beeline://conversation/a%2Fb",
    "beeline://conversation/ada%0a",
    `beeline://conversation/${"a".repeat(33)}`,
    `beeline://conversation/${"/".repeat(3000)}`,
    "beeline://user:password@chat.example.org/",
    "beeline://chat.example.org/?x=1",
    "beeline://chat.example.org/#invite=%3Cimg%3E",
    "beeline://chat.example.org/#invite=a&pin=short",
    "beeline://chat.example.org:99999/",
  ])("is not %.60s", (text) => expect(parseAppLink(text)).toBeUndefined());

  it("says only what its schema allows, whatever stands in it", () => {
    const text = fc.string({ unit: "binary", maxLength: 200 });
    const nearly = fc
      .tuple(fc.constantFrom("conversation/", "host/", "host/#invite=", ""), text)
      .map(([start, rest]) => `beeline://${start}${rest}`);
    fc.assert(
      fc.property(fc.oneof(text, nearly), (link) => {
        const parsed = parseAppLink(link);
        const userName = parsed?.kind === "conversation" ? parsed.userName : "ada";
        expect(userName).toMatch(/^[\p{L}\p{N}][\p{L}\p{M}\p{N}._-]{0,31}$/u);
        const invitation = parsed?.kind === "invite" ? parsed.invite : { server: "https://host" };
        expect(invitation.server).toMatch(/^https:\/\/[^\s@]+$/);
        expect("invite" in invitation ? invitation.invite : "").toMatch(/^[\w-]{0,64}$/);
      }),
      { numRuns: 2_000 },
    );
  });
});
