import fc from "fast-check";
import * as v from "valibot";
import { expect, test } from "vitest";
import { errorNameOf, errorTable, isErrorName, ProtocolError } from "./errors.ts";
import {
  errorFrame,
  eventFrame,
  parse,
  parseRequestFrame,
  parseServerFrame,
  requestFrame,
  resultFrame,
} from "./json-rpc.ts";

function errorOf(action: () => unknown): ProtocolError {
  try {
    action();
  } catch (error) {
    if (error instanceof ProtocolError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

test("a request, a result, an error and an event survive their frames", () => {
  expect(parseRequestFrame(requestFrame(7, "roster.get", { a: 1 }))).toEqual({
    jsonrpc: "2.0",
    id: 7,
    method: "roster.get",
    params: { a: 1 },
  });
  expect(parseServerFrame(resultFrame(7, { ok: true }))).toEqual({
    kind: "result",
    id: 7,
    result: { ok: true },
  });
  expect(parseServerFrame(eventFrame("relay.flow", { channel: 1 }))).toEqual({
    kind: "event",
    method: "relay.flow",
    params: { channel: 1 },
  });
  const frame = parseServerFrame(
    errorFrame(3, new ProtocolError("rate-limited", "Slower.", { retryAfterMs: 50 })),
  );
  if (frame.kind !== "error") throw new Error("not an error frame");
  expect(frame.id).toBe(3);
  expect(frame.error.errorName).toBe("rate-limited");
  expect(frame.error.retryable).toBe(true);
  expect(frame.error.retryAfterMs).toBe(50);
});

test("W1: what is not JSON is a parse error, and JSON that is no request is an invalid one", () => {
  expect(errorOf(() => parseRequestFrame("{"))).toMatchObject({ errorName: "parse-error" });
  for (const json of ["null", "[]", "7", '"x"', "{}", '{"jsonrpc":"1.0","id":1,"method":"x"}']) {
    expect(errorOf(() => parseRequestFrame(json))).toMatchObject({ errorName: "invalid-request" });
  }
  expect(
    errorOf(() => parseRequestFrame('{"jsonrpc":"2.0","id":"1","method":"x"}')).errorName,
  ).toBe("invalid-request");
});

test("W1: no text makes the parsers throw anything but a typed error", () => {
  const text = fc.oneof(
    fc.string(),
    fc.json(),
    fc.json().map((json) => `{"jsonrpc":"2.0","id":1,"result":${json}}`),
  );
  fc.assert(
    fc.property(text, (frame) => {
      for (const parser of [parseRequestFrame, parseServerFrame]) {
        try {
          parser(frame);
        } catch (error) {
          // Any other is the counterexample.
          if (!(error instanceof ProtocolError)) throw error;
        }
      }
    }),
  );
});

test("a broken parameter is named with its path", () => {
  const schema = v.object({ device: v.object({ name: v.string() }) });
  expect(errorOf(() => parse(schema, { device: { name: 1 } })).message).toContain("device.name");
});

test("every error name has a code of its own and finds its way back", () => {
  const names = Object.keys(errorTable).filter(isErrorName);
  expect(new Set(names.map((name) => errorTable[name].code)).size).toBe(names.length);
  for (const name of names) expect(errorNameOf(errorTable[name].code)).toBe(name);
  expect(errorNameOf(99999)).toBe("internal");
});
