import { expect, test } from "vitest";
import { WriteBuffer } from "./write-buffer.ts";

test("of many changes to one key only the last is sealed, when it is taken", () => {
  const buffer = new WriteBuffer();
  const sealed: string[] = [];
  const put = (key: string, value: string): void => {
    buffer.putSealed(key, () => {
      sealed.push(value);
      return `sealed ${value}`;
    });
  };
  put("a", "1");
  put("b", "2");
  put("a", "3");
  buffer.delete("b");
  expect(sealed).toEqual([]);
  expect(buffer.take()).toEqual([
    { type: "put-value", key: "a", value: "sealed 3" },
    { type: "delete-value", key: "b" },
  ]);
  expect(sealed).toEqual(["3"]);
  expect(buffer.take()).toEqual([]);
});
