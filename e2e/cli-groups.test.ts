import * as v from "valibot";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { CliStage, ofEvent, type Line } from "./support/cli-stage.ts";

// Two dozen processes, each of them a second of work, more where other tests run beside.
vi.setConfig({ testTimeout: 240_000 });

let stage: CliStage;

beforeAll(async () => {
  stage = await CliStage.begin();
});

afterAll(async () => {
  await stage[Symbol.asyncDispose]();
});

const Link = v.object({ id: v.string(), link: v.string(), expiresAt: v.number() });

const membership = (change: string) => (line: Line) =>
  line.event === "membership" && line["change"] === change;

test("a group of three is founded, talks, grows by a link, and loses a member", async () => {
  for (const user of ["ada", "ben", "cleo", "dora"]) await stage.register(user);
  await stage.becomeBuddies("ada", "ben");
  await stage.becomeBuddies("ada", "cleo");

  const made = await stage.succeed(
    "ada",
    ...["group", "create", "Harbour watch", "ben", "CLEO"],
    ...["--description", "Who watches when", "--json"],
  );
  const group: unknown = JSON.parse(made);
  expect(group).toMatchObject({ name: "Harbour watch", role: "owner", standing: "member" });
  expect(group).toMatchObject({
    description: "Who watches when",
    members: [
      { user: "ada", role: "owner" },
      { user: "ben", role: "member" },
      { user: "cleo", role: "member" },
    ],
  });

  // Ben finds it by its name, and is heard by those who listen and by those who do not.
  await using ada = stage.listen("ada");
  expect(await ada.next(ofEvent("group"))).toMatchObject({ group: "Harbour watch", members: 3 });
  expect(await stage.succeed("ben", "group", "list")).toMatch(
    /^\S{22} {2}member +3 members +Harbour watch\n$/,
  );
  const sent = await stage.beeline("ben", ["send", "--group", "harbour WATCH", "Fog at six"]);
  expect(sent).toMatchObject({ code: 0, err: "" });
  const heard = { user: "ben", group: "Harbour watch", text: "Fog at six" };
  expect(await ada.next(ofEvent("message"))).toMatchObject(heard);
  expect(await ada.stop()).toBe(0);

  await using cleo = stage.listen("cleo");
  expect(await cleo.next(ofEvent("message"))).toMatchObject(heard);

  // A link lets in who is nobody's buddy.
  const shown = await stage.succeed(
    "ada",
    "group",
    "link",
    "Harbour watch",
    "--expires",
    "1d",
    "--json",
  );
  const { link } = v.parse(Link, JSON.parse(shown));
  expect(link).toContain("#group=");
  expect(await stage.succeed("dora", "group", "join", link)).toContain("You are in Harbour watch");
  expect(await cleo.next(membership("join"))).toMatchObject({ group: "Harbour watch" });
  const fromDora = await stage.beeline("dora", ["send", "--group", "Harbour watch", "Hello all"]);
  expect(fromDora).toMatchObject({ code: 0, err: "" });
  expect(await cleo.next(ofEvent("message"))).toMatchObject({ text: "Hello all" });

  // Ben becomes an admin and takes her out again; she reads nothing after, and is told.
  await stage.succeed("ada", "group", "role", "Harbour watch", "ben", "admin");
  expect(await cleo.next(membership("role"))).toMatchObject({
    people: [{ user: "ben" }],
    role: "admin",
  });
  await stage.succeed("ben", "group", "remove", "Harbour watch", "dora");
  expect(await cleo.next(membership("remove"))).toMatchObject({ user: "ben" });
  await stage.succeed("ben", "send", "--group", "Harbour watch", "Among us");
  expect(await cleo.next(ofEvent("message"))).toMatchObject({ text: "Among us" });
  expect(await stage.succeed("dora", "group", "list")).toMatch(/ removed +/);
  const refused = await stage.beeline("dora", ["send", "--group", "Harbour watch", "And me?"]);
  expect(refused.code).not.toBe(0);
  expect(await cleo.stop()).toBe(0);

  await stage.succeed("ada", "group", "dissolve", "Harbour watch");
  expect(
    JSON.parse(await stage.succeed("ben", "group", "show", "Harbour watch", "--json")),
  ).toMatchObject({
    standing: "dissolved",
  });
});

test("what is wrong is told by the code and in words", async () => {
  await stage.register("eve");
  const tries = [
    [["group"], 2],
    [["group", "sing"], 2],
    [["group", "create"], 2],
    [["group", "list", "--end"], 2],
    [["group", "settings", "Nowhere", "--announcements", "maybe"], 2],
    [["group", "link", "Nowhere", "--expires", "soon"], 2],
    [["group", "show", "Nowhere"], 4],
    [["group", "create", "Club", "nobody"], 4],
    [["group", "join", "https://chat.example.org/#invite=x"], 4],
    [["send", "--group", "Nowhere", "hi"], 4],
    [["send", "--group", "Nowhere", "eve", "hi"], 2],
  ] as const;
  for (const [argv, code] of tries) {
    const { code: ended, err } = await stage.beeline("eve", argv);
    expect({ argv, code: ended }).toEqual({ argv, code });
    expect(err).toMatch(/^beeline: [^\n]+\n$/);
  }
});
