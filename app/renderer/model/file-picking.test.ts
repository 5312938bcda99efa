import { expect, test } from "vitest";
import { en } from "../i18n/en.ts";
import { conversationId } from "../testing/fake-people.ts";
import { FakeKit } from "../testing/fake-kit.ts";
import { errorText } from "./errors.ts";
import { FolderTooLargeError, MAX_FOLDER_FILES, pickedFiles } from "./file-picking.ts";
import { FileDesk, MAX_PICKED } from "./files.ts";

function inFolder(index: number): File {
  const file = new File(["x"], `${index}.txt`);
  Object.defineProperty(file, "webkitRelativePath", { value: `Survey/${index}.txt` });
  return file;
}

test("a folder is taken whole, or not at all and it is said", () => {
  const all = Array.from({ length: MAX_FOLDER_FILES + 1 }, (_, index) => inFolder(index));
  expect(pickedFiles(all.slice(1))).toMatchObject([{ name: "Survey" }]);
  expect(() => pickedFiles(all)).toThrow(FolderTooLargeError);
  expect(errorText(en, new FolderTooLargeError())).toContain("10000 files");
});

test("what is more than goes at once is counted, not silently left out", () => {
  const desk = new FileDesk(new FakeKit());
  const some = (count: number) =>
    Array.from({ length: count }, (_, index) => {
      const name = `${index}.txt`;
      return { name, content: new File(["x"], name) };
    });
  desk.pick(conversationId(1), some(MAX_PICKED));
  expect(desk.picked.value).toMatchObject({ leftOut: 0 });
  desk.pick(conversationId(1), some(12));
  expect(desk.picked.value).toMatchObject({ leftOut: 12 });
  expect(desk.picked.value?.files).toHaveLength(MAX_PICKED);
});
