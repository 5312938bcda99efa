import { EventEmitter } from "node:events";
import { expect, it } from "vitest";
import { loud } from "./loud.ts";

class Part extends EventEmitter {
  declare readonly absentHere: undefined;
  #count = 0;
  constructor() {
    super();
    this.absentHere = undefined;
  }
  count(): number {
    this.#count += 1;
    return this.#count;
  }
}

it("names what it has not", () => {
  const part: object = loud("app", new Part());
  expect(() => void Reflect.get(part, "setJumpList")).toThrow("app.setJumpList");
  expect(Reflect.get(part, "absentHere")).toBeUndefined();
});

it("is otherwise what it was, replaced methods included", () => {
  const part = loud("app", new Part());
  expect([part.count(), part.count()]).toEqual([1, 2]);
  part.count = () => 10;
  expect(part.count()).toBe(10);
  let heard = 0;
  part.on("ready", () => (heard += 1));
  part.emit("ready");
  expect(heard).toBe(1);
});
