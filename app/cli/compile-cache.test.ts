import { homedir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { cacheFolder } from "./compile-cache.ts";

test("what can be made again is kept in a folder of this user's own", () => {
  expect(cacheFolder({ XDG_CACHE_HOME: "/home/ann/caches" })).toBe("/home/ann/caches");
  // A relative XDG path is to be ignored, by the specification.
  for (const environment of [{}, { XDG_CACHE_HOME: "here" }, { XDG_CACHE_HOME: "" }]) {
    expect(cacheFolder(environment).startsWith(join(homedir(), "/"))).toBe(true);
  }
});
