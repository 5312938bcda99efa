/** What the workflows may run: actions at fixed commits only, with as few rights as they need. */
import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

const FOLDER = new URL("../../.github/workflows/", import.meta.url);
const files = readdirSync(FOLDER).map((name) => [
  name,
  readFileSync(new URL(name, FOLDER), "utf8"),
]);

it.each(files)("%s names every action by its commit", (_name, text) => {
  const used = [...(text ?? "").matchAll(/uses: (.*)/g)].map(([, action]) => action);
  expect(used.length).toBeGreaterThan(0);
  for (const action of used)
    expect(action).toMatch(/^[\w-]+\/[\w-]+@[\da-f]{40} # v\d+\.\d+\.\d+$/);
});

it.each(files)("%s may only read unless a job says more", (_name, text) => {
  expect(text).toMatch(/^permissions:\n {2}contents: read$/m);
});

it("the release tries real Electron before it packs", () => {
  const text = readFileSync(new URL("release.yml", FOLDER), "utf8");
  const tried = text.indexOf("npm run e2e -- --project=electron");
  expect(tried).toBeGreaterThan(0);
  expect(tried).toBeLessThan(text.indexOf("npm run package"));
});
