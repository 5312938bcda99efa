import { describe, expect, it } from "vitest";
import { readServerLine } from "./server-log.ts";

describe("the server's log", () => {
  it.each([
    ["http://0.0.0.0:8383", "http://localhost:8383"],
    ["http://[::]:8383", "http://localhost:8383"],
    ["http://127.0.0.1:9000", "http://localhost:9000"],
    ["https://chat.example:443", "https://chat.example"],
  ])("tells that it is ready at %s", (address, opened) => {
    const line = JSON.stringify({ level: 30, msg: "listening", address });
    expect(readServerLine(line)).toEqual({ kind: "ready", address: opened });
  });

  it("has the link for other machines, where they can reach it", () => {
    const entry = { level: 30, msg: "listening", address: "http://127.0.0.1:8383" };
    const link = "https://192.0.2.5:8383/#pin=x";
    expect(readServerLine(JSON.stringify({ ...entry, link }))).toMatchObject({ link });
    const own = JSON.stringify({ ...entry, link: "http://127.0.0.1:8383" });
    expect(readServerLine(own)).not.toHaveProperty("link");
  });

  it("is shown from warnings on", () => {
    expect(readServerLine('{"level":30,"msg":"signed in"}')).toEqual({ kind: "quiet" });
    expect(readServerLine('{"level":40,"msg":"disk is nearly full"}')).toEqual({
      kind: "warning",
      text: "disk is nearly full",
    });
  });

  it.each(["plain text", "7", "null", '{"level":50}', '{"msg":"listening","address":7}'])(
    "is shown where it is not understood: %s",
    (line) => {
      expect(readServerLine(line).kind).toBe("warning");
    },
  );
});
