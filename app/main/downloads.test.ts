import { describe, expect, it } from "vitest";
import { guardDownloads, safeFileName, type DownloadSession } from "./downloads.ts";

function download(url: string, name: string) {
  let listener: Parameters<DownloadSession["on"]>[1] = () => undefined;
  const problems: unknown[] = [];
  let prevented = false;
  let proposed: string | undefined;
  guardDownloads({ on: (_event, given) => (listener = given) }, (problem) =>
    problems.push(problem),
  );
  listener(
    { preventDefault: () => (prevented = true) },
    {
      getURL: () => url,
      getFilename: () => name,
      setSaveDialogOptions: ({ defaultPath }) => (proposed = defaultPath),
    },
  );
  return { prevented, proposed, problems };
}

describe("downloads", () => {
  it("of the page's own making ask where to save", () => {
    expect(download("blob:app://beeline/3f2a", "Chat with Ada.html")).toEqual({
      prevented: false,
      proposed: "Chat with Ada.html",
      problems: [],
    });
    expect(download("blob:app://beeline/3f2a", "../../.bashrc").proposed).toBe("_.._.bashrc");
  });

  it.each([
    "https://example.org/setup.exe",
    "blob:https://example.org/1",
    "blob:app://beeline.evil/1",
    "data:text/html,x",
    "app://beeline/main.js",
    "file:///etc/passwd",
  ])("of %s are refused", (url) => {
    const { prevented, proposed, problems } = download(url, "x");
    expect([prevented, proposed]).toEqual([true, undefined]);
    expect(problems).toHaveLength(1);
  });
});

describe("a file's name", () => {
  it.each([
    ["photo.jpg", "photo.jpg"],
    ["厨房 📷.png", "厨房 📷.png"],
    ["a/b\\c:d.txt", "a_b_c_d.txt"],
    ["..", "file"],
    ["", "file"],
    [".htaccess", "htaccess"],
    ["name. . ", "name"],
    // Shown as `invoiceexe.pdf` by whoever obeys the mark.
    ["invoice\u202Efdp.exe", "invoicefdp.exe"],
    ["a\u0000b\u0007.txt", "ab.txt"],
    ["CON", "_CON"],
    ["nul.txt", "_nul.txt"],
    ["COM¹.txt", "_COM¹.txt"],
    ["con .txt", "_con .txt"],
    ["console.txt", "console.txt"],
    ["what?*<>|.txt", "what_____.txt"],
  ])("%j becomes %j", (name, safe) => expect(safeFileName(name)).toBe(safe));

  it("is cut before its extension", () => {
    const long = safeFileName(`${"厨".repeat(300)}.tar.gz`);
    expect(Buffer.byteLength(long)).toBeLessThanOrEqual(200);
    expect(long.endsWith(".gz")).toBe(true);
    expect(Buffer.byteLength(safeFileName("x".repeat(400)))).toBe(200);
  });
});
