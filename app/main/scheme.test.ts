import { join, resolve, sep } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CONTENT_SECURITY_POLICY, fileOf, isOwn, serve } from "./scheme.ts";

const root = resolve("/opt/app/renderer");
const files: Record<string, string> = {
  [join(root, "index.html")]: "<!doctype html>",
  [join(root, "assets", "a b.js")]: "1",
  [join(root, "secret.key")]: "s",
};

async function get(url: string, method = "GET"): Promise<Response> {
  return serve({ method, url }, root, async (file) => {
    const text = files[file];
    return text === undefined ? undefined : new TextEncoder().encode(text);
  });
}

describe("the app scheme", () => {
  it("serves the page and its assets with their types", async () => {
    const page = await get("app://beeline/");
    expect(page.status).toBe(200);
    expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(await page.text()).toBe("<!doctype html>");
    expect((await get("app://beeline/assets/a%20b.js?v=1#x")).status).toBe(200);
  });

  it("sends the policy with every answer", async () => {
    for (const url of ["app://beeline/", "app://beeline/absent.js"]) {
      const { headers } = await get(url);
      expect(headers.get("content-security-policy")).toBe(CONTENT_SECURITY_POLICY);
      expect(headers.get("x-content-type-options")).toBe("nosniff");
    }
  });

  it("serves no type that a page does not use, no other method, no other origin", async () => {
    expect((await get("app://beeline/secret.key")).status).toBe(404);
    expect((await get("app://beeline/", "POST")).status).toBe(405);
    expect((await get("app://elsewhere/index.html")).status).toBe(404);
  });

  it.each([
    "app://beeline/..%2f..%2fetc/passwd",
    "app://beeline/%2e%2e/%2e%2e/etc/passwd",
    "app://beeline/..%2frenderer-other/index.html",
    "app://beeline/%00index.html",
    "app://beeline/%zz",
    "app://beeline.example/index.html",
    "file:///etc/passwd",
  ])("finds nothing outside its folder: %s", (url) => {
    const file = fileOf(url, root);
    expect(file === undefined || file.startsWith(root + sep)).toBe(true);
    expect(file).not.toBe(resolve("/etc/passwd"));
  });

  it("never leaves its folder, whatever the path", () => {
    const piece = fc.constantFrom("..", ".", "%2e%2e", "%2f", "%5c", "/", "\\", "a", "%00", "//");
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const file = fileOf(`app://beeline/${pieces.join("")}`, root);
        return file === undefined || file.startsWith(root + sep);
      }),
    );
  });
});

describe("the policy", () => {
  it("allows WebSockets to any server and no script but the page's own", () => {
    expect(CONTENT_SECURITY_POLICY).toContain("connect-src 'self' ws: wss:");
    expect(CONTENT_SECURITY_POLICY).toContain("script-src 'self' 'wasm-unsafe-eval';");
    expect(CONTENT_SECURITY_POLICY.replace("'wasm-unsafe-eval'", "")).not.toContain("unsafe");
    expect(CONTENT_SECURITY_POLICY).not.toContain("http");
  });
});

it("knows its own page from one that only looks like it", () => {
  expect(isOwn("app://beeline")).toBe(true);
  expect(isOwn("app://beeline/index.html")).toBe(true);
  expect(isOwn("app://beeline.evil/")).toBe(false);
  expect(isOwn("https://beeline/")).toBe(false);
});
