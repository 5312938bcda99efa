import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { BINDING, LISTENER, preparePage } from "./page-side.ts";

/** What a page was given it keeps: every page here has names of its own. */
let pages = 0;
let names = { binding: BINDING, listener: LISTENER };

beforeEach(() => {
  vi.stubGlobal("document", {});
  vi.stubGlobal("addEventListener", () => {});
  vi.stubGlobal(BINDING, async () => "answered");
  nextPage();
});
afterEach(() => vi.unstubAllGlobals());

function nextPage(): void {
  pages += 1;
  names = { binding: BINDING, listener: `${LISTENER}-${pages}` };
}

/** What the page sees of what the preload exposes. */
function exposed(api: unknown): unknown {
  const key = `exposed-${pages}`;
  preparePage(
    (require) => {
      const electron = require("electron");
      if (typeof electron !== "object" || electron === null) throw new Error("no electron");
      const bridge: unknown = Reflect.get(electron, "contextBridge");
      if (typeof bridge !== "object" || bridge === null) throw new Error("no bridge");
      const expose: unknown = Reflect.get(bridge, "exposeInMainWorld");
      if (typeof expose === "function") Reflect.apply(expose, bridge, [key, api]);
    },
    names,
    [],
  );
  return Reflect.get(globalThis, key);
}

it("copies what crosses the bridge, functions and promises included", async () => {
  const inner = { list: [1, { deep: true }], when: new Date(0) };
  const seen = exposed({ inner, ask: async (part: object) => ({ part, again: inner }) });
  expect(seen).toMatchObject({ inner });
  const got: unknown = Reflect.get(Object(seen), "inner");
  expect(got).not.toBe(inner);
  expect(Object.isFrozen(got)).toBe(true);
  const ask: unknown = Reflect.get(Object(seen), "ask");
  if (typeof ask !== "function") throw new Error("no function");
  const sent = { a: 1 };
  const answer: unknown = await Reflect.apply(ask, undefined, [sent]);
  expect(answer).toEqual({ part: sent, again: inner });
  expect(Reflect.get(Object(answer), "part")).not.toBe(sent);
});

it("refuses what the structured clone refuses, and loses methods of classes", () => {
  class Keeper {
    value = 1;
    method(): number {
      return this.value;
    }
  }
  expect(exposed({ keeper: new Keeper() })).toEqual({ keeper: { value: 1 } });
  nextPage();
  expect(() => exposed({ keeper: new WeakMap() })).toThrow("could not be cloned");
});

it("hides its line from the page, and names what it has not", () => {
  preparePage(
    (require) => {
      expect(Reflect.has(globalThis, BINDING)).toBe(false);
      const electron: unknown = require("electron");
      expect(() => void Reflect.get(Object(electron), "webFrame")).toThrow("webFrame");
      expect(() => require("node:fs")).toThrow('no module "node:fs"');
    },
    names,
    [],
  );
});
