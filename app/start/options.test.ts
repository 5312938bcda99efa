import { expect, it } from "vitest";
import { readOptions } from "./options.ts";

const JSON_LOG = ["--log-format", "json"];

it("keeps its own options and hands the others to the server", () => {
  expect(readOptions([], {})).toEqual({
    open: true,
    browser: false,
    serverArguments: ["serve", "--data", "data", ...JSON_LOG],
  });
  expect(readOptions(["--no-open", "--port", "9000", "--browser"], {})).toEqual({
    open: false,
    browser: true,
    serverArguments: ["serve", "--data", "data", "--port", "9000", ...JSON_LOG],
  });
});

it("leaves the data folder to whoever names one", () => {
  for (const argv of [["--data", "/d"], ["--data=/d"]]) {
    expect(readOptions(argv, {}).serverArguments).toEqual(["serve", ...argv, ...JSON_LOG]);
  }
  expect(readOptions([], { BEELINE_DATA: "/d" }).serverArguments).toEqual(["serve", ...JSON_LOG]);
});
