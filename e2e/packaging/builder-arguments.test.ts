import { expect, it } from "vitest";
import { builderArguments, UnusableFeed } from "./builder-arguments.ts";

it("asks for nothing more than is given, and never publishes", () => {
  expect(builderArguments({}, ["--linux", "deb"], "linux")).toEqual([
    "--publish",
    "never",
    "--linux",
    "deb",
  ]);
  expect(builderArguments({ BEELINE_UPDATE_FEED: "" }, [], "linux")).toEqual([
    "--publish",
    "never",
  ]);
});

it("builds a feed of updates in where one is named", () => {
  const env = { BEELINE_UPDATE_FEED: "https://updates.example.org/beeline" };
  expect(builderArguments(env, [], "linux")).toEqual([
    "--publish",
    "never",
    "-c.publish.provider=generic",
    "-c.publish.url=https://updates.example.org/beeline",
  ]);
});

it.each(["http://updates.example.org", "updates.example.org"])("takes no feed like %s", (feed) => {
  expect(() => builderArguments({ BEELINE_UPDATE_FEED: feed }, [], "linux")).toThrow(UnusableFeed);
});

it("names the repository that a package comes from", () => {
  const env = { GITHUB_SERVER_URL: "https://github.com", GITHUB_REPOSITORY: "somebody/beeline" };
  expect(builderArguments(env, [], "linux")).toContain(
    "-c.extraMetadata.homepage=https://github.com/somebody/beeline",
  );
});

it("hardens the program on macOS only where somebody signs it", () => {
  const soft = "-c.mac.hardenedRuntime=false";
  expect(builderArguments({}, [], "darwin")).toContain(soft);
  expect(builderArguments({ CSC_LINK: "cert.p12" }, [], "darwin")).not.toContain(soft);
});
