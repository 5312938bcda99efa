import { expect, test } from "vitest";
import { fileIcon, fileKind, nameParts, saveName } from "./file-kind.ts";
import { fileBody } from "./files.ts";

const of = (mediaType: string, more = {}) => fileKind({ mediaType, size: 1000, ...more });

test("pictures, films and sounds are shown in place; documents that could run something never are", () => {
  expect(of("image/jpeg")).toBe("image");
  expect(of("video/mp4")).toBe("video");
  expect(of("audio/mpeg")).toBe("audio");
  expect(of("audio/webm", { waveform: "AAAA" })).toBe("voice");
  for (const type of ["image/svg+xml", "text/html", "application/pdf", "image/tiff"]) {
    expect(of(type)).toBe("file");
  }
});

test("a picture that would fill the memory is a file", () => {
  expect(of("image/png", { size: 100_000_000 })).toBe("file");
  expect(of("image/png", { image: { width: 65_000, height: 65_000 } })).toBe("file");
});

test("a long name keeps its end, and no letter turns the direction of others", () => {
  const [start, end] = nameParts("a very long name of a report for the harbour office.final.docx");
  expect(start + end).toBe("a very long name of a report for the harbour office.final.docx");
  expect(end).toBe("final.docx");
  expect(nameParts("short.txt")).toEqual(["short.txt", ""]);
  expect(nameParts("photo\u202Egpj.exe")).toEqual(["photogpj.exe", ""]);
  expect(nameParts("\u202E")).toEqual(["file", ""]);
});

test("the name of a message's file turns nothing around, wherever it is told", () => {
  const body = {
    type: "file",
    fileId: "f00000000000000000000A",
    name: "photo\u202Egpj.exe",
    mediaType: "image/png",
    size: 1,
    key: `${"A".repeat(43)}=`,
    header: "A".repeat(32),
  };
  expect(fileBody(body)?.name).toBe("photogpj.exe");
});

test("what is saved has no folder in its name", () => {
  expect(saveName("../../etc/passwd")).toBe("__.._etc_passwd");
  expect(saveName("a\u0000b:c?.txt")).toBe("a b_c_.txt");
});

test("every file has a sign of its kind", () => {
  expect(fileIcon({ name: "a.zip", mediaType: "application/octet-stream" })).toBe("archive");
  expect(fileIcon({ name: "a.svg", mediaType: "image/svg+xml" })).toBe("image");
  expect(fileIcon({ name: "a.txt", mediaType: "text/plain" })).toBe("file");
});
