import { EventEmitter } from "node:events";
import { describe, expect, it } from "vitest";
import { deepLink, linkInArguments, watchLinks } from "./deep-links.ts";

const INVITE = "beeline://chat.example.org:8443/#invite=abcd-EF_1";
const GROUP = `beeline://chat.example.org/#group=${"A".repeat(22)}&secret=${"-".repeat(43)}&key=${"_".repeat(43)}`;

describe("a link from outside", () => {
  it.each([GROUP, INVITE, "beeline://conversation/ada", "BEELINE://conversation/%E5%8E%A8"])(
    "is passed on: %s",
    (link) => expect(deepLink(link)).toBe(link),
  );

  it.each([
    "",
    "beeline:",
    "https://example.org/",
    "javascript:alert(1)",
    "file:///etc/passwd",
    " beeline://a/",
    "beeline://a/ --hidden",
    'beeline://a/" --inspect=1',
    "beeline://a/\u0000",
    "beeline://a/\n--flag",
    "beeline://a/<script>",
    "beeline://a/\\..\\x",
    "beeline://ä/",
    "beelines://a/",
    `beeline://a/${"x".repeat(2048)}`,
    7,
    undefined,
    { toString: () => INVITE },
  ])("is dropped: %j", (text) => expect(deepLink(text)).toBeUndefined());

  it("is found among a program's arguments, the first of them", () => {
    expect(linkInArguments(["/opt/beeline", "--server=x", INVITE, "beeline://b/"])).toBe(INVITE);
    expect(linkInArguments(["/opt/beeline", `--url=${INVITE}`])).toBeUndefined();
  });
});

it("arrives at the start, by another start, and by macOS; the window is shown for it", () => {
  const app = new EventEmitter();
  const links: string[] = [];
  let shown = 0;
  watchLinks(
    app,
    ["beeline", INVITE],
    (link) => links.push(link),
    () => (shown += 1),
  );
  expect([links, shown]).toEqual([[INVITE], 0]);

  app.emit("second-instance", {}, ["beeline", "--allow-file-access", "beeline://conversation/ben"]);
  let prevented = 0;
  const event = { preventDefault: () => (prevented += 1) };
  app.emit("open-url", event, "beeline://conversation/cleo");
  app.emit("open-url", event, "file:///etc/passwd");
  app.emit("second-instance", {}, ["beeline"]);
  expect(links).toEqual([INVITE, "beeline://conversation/ben", "beeline://conversation/cleo"]);
  expect([shown, prevented]).toEqual([4, 2]);
});
