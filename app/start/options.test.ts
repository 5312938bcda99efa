import { expect, it } from "vitest";
import { readOptions } from "./options.ts";

it("keeps its own options and hands the others to the server", () => {
  expect(readOptions([])).toEqual({
    open: true,
    browser: false,
    serverArguments: ["serve", "--log-format", "json"],
  });
  expect(readOptions(["--no-open", "--port", "9000", "--browser"])).toEqual({
    open: false,
    browser: true,
    serverArguments: ["serve", "--port", "9000", "--log-format", "json"],
  });
});
