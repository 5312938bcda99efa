import { mkdir, mkdtempDisposable, symlink, writeFile } from "node:fs/promises";
import { request, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openSqliteStore } from "../store/sqlite-store.ts";
import type { Store } from "../store/store.ts";
import { createHttpServer, listen } from "./listen.ts";
import { notBuiltPage } from "./pages.ts";
import { createRequestHandler, type HttpParts } from "./request-handler.ts";
import { WebClient } from "./web-client.ts";

interface Running extends AsyncDisposable {
  readonly address: string;
  readonly port: number;
  readonly errors: unknown[];
}

async function start(change: Partial<HttpParts> = {}): Promise<Running> {
  const store = await openSqliteStore(":memory:");
  const errors: unknown[] = [];
  const server = createHttpServer();
  server.on(
    "request",
    createRequestHandler({
      store,
      metrics: { contentType: "text/plain", text: async () => "beeline_connections 0\n" },
      metricsAccess: { from: "loopback", token: undefined },
      client: notBuiltPage,
      strictTransport: false,
      isDraining: () => false,
      onError: (error) => errors.push(error),
      ...change,
    }),
  );
  const port = await listen(server, "127.0.0.1", 0);
  return {
    port,
    address: `http://127.0.0.1:${port}`,
    errors,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await store[Symbol.asyncDispose]();
    },
  };
}

async function startWithClient(): Promise<Running> {
  await using folder = await mkdtempDisposable(join(tmpdir(), "beeline-client-"));
  const root = join(folder.path, "renderer");
  await mkdir(join(root, "assets"), { recursive: true });
  await writeFile(join(folder.path, "secret.txt"), "secret");
  await writeFile(join(root, "index.html"), "<!doctype html><title>Beeline</title>");
  await writeFile(join(root, "icon.svg"), "<svg/>");
  await writeFile(join(root, "assets", "main-a1B2c3_d.js"), "export {};");
  await symlink(join(folder.path, "secret.txt"), join(root, "link.txt"));
  const client = WebClient.read(root);
  if (client === undefined) throw new Error("the client is there");
  return start({ client: (path, message) => client.reply(path, message, false) });
}

/** The request as it is written, without the tidying that fetch does to paths and headers. */
function rawGet(
  port: number,
  path: string,
  headers: Record<string, string> = {},
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const message = request({ port, host: "127.0.0.1", path, headers }, (response) => {
      response.resume();
      resolve(response);
    });
    message.on("error", reject);
    message.end();
  });
}

describe("the web client", () => {
  test("its page is checked anew each time, its hashed files never", async () => {
    await using server = await startWithClient();
    const page = await fetch(server.address);
    expect(page.status).toBe(200);
    expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(page.headers.get("cache-control")).toBe("no-cache");
    expect(await page.text()).toContain("<title>Beeline</title>");
    const script = await fetch(`${server.address}/assets/main-a1B2c3_d.js?x=1`);
    expect(script.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
    expect(script.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    const icon = await fetch(`${server.address}/icon.svg`);
    expect(icon.headers.get("content-type")).toBe("image/svg+xml");
    expect(icon.headers.get("cache-control")).toBe("no-cache");
  });

  test("what the browser has is not sent again", async () => {
    await using server = await startWithClient();
    const etag = (await fetch(server.address)).headers.get("etag") ?? "";
    for (const tag of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
      const again = await fetch(server.address, { headers: { "if-none-match": tag } });
      expect(again.status).toBe(304);
      expect(again.headers.get("etag")).toBe(etag);
    }
    const other = await fetch(server.address, { headers: { "if-none-match": '"other"' } });
    expect(other.status).toBe(200);
  });

  test("HEAD tells the length and sends no body", async () => {
    await using server = await startWithClient();
    const head = await fetch(server.address, { method: "HEAD" });
    expect(head.headers.get("content-length")).toBe("37");
    expect(await head.text()).toBe("");
  });

  test.each([
    "/../secret.txt",
    "/assets/../../secret.txt",
    "/%2e%2e/secret.txt",
    "/..%2fsecret.txt",
    "/assets/%2e%2e%2f%2e%2e%2fsecret.txt",
    "/..\\secret.txt",
    "//secret.txt",
    "/link.txt",
    "/assets",
    "/assets/",
    "/index.html/",
    "/__proto__",
    "/nothing",
  ])("%s is not there", async (path) => {
    await using server = await startWithClient();
    expect((await rawGet(server.port, path)).statusCode).toBe(404);
  });

  test("a malformed path is refused", async () => {
    await using server = await startWithClient();
    expect((await rawGet(server.port, "/%zz")).statusCode).toBe(400);
  });

  test("the policy allows this host and nothing else", async () => {
    await using server = await startWithClient();
    const { headers } = await fetch(server.address);
    const policy = headers.get("content-security-policy") ?? "";
    const host = `127.0.0.1:${server.port}`;
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self' 'wasm-unsafe-eval';");
    expect(policy).toContain("style-src 'self';");
    expect(policy).toContain(`connect-src 'self' wss://${host} ws://${host};`);
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy.replace("'wasm-unsafe-eval'", "")).not.toContain("unsafe");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
    expect(headers.get("cross-origin-opener-policy")).toBe("same-origin");
    expect(headers.get("permissions-policy")).toContain("geolocation=()");
  });

  test("a forged host changes nothing in the policy", async () => {
    await using server = await startWithClient();
    const response = await rawGet(server.port, "/", { host: "evil; script-src *" });
    expect(response.headers["content-security-policy"]).toContain("connect-src 'self';");
    expect(response.headers["content-security-policy"]).not.toContain("evil");
  });

  test("a folder without a page is no client, and the server says what to do", async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "beeline-client-"));
    expect(WebClient.read(folder.path)).toBeUndefined();
    expect(WebClient.read(join(folder.path, "nowhere"))).toBeUndefined();
    await using server = await start();
    const page = await fetch(server.address);
    expect(page.status).toBe(503);
    expect(await page.text()).toContain("npm run build");
  });
});

describe("requests", () => {
  test.each(["POST", "PUT", "DELETE", "OPTIONS"])("%s is not allowed", async (method) => {
    await using server = await start();
    const response = await fetch(server.address, { method });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("GET, HEAD");
  });

  test("the WebSocket's address asks for an upgrade", async () => {
    await using server = await start();
    expect((await fetch(`${server.address}/ws`)).status).toBe(426);
  });

  test("an oversize header is refused, and the next request is served", async () => {
    await using server = await start();
    const headers = { "x-large": "x".repeat(20_000) };
    expect((await fetch(server.address, { headers })).status).toBe(431);
    expect((await fetch(`${server.address}/healthz`)).status).toBe(200);
  });

  test("noise in place of HTTP is refused, and the next request is served", async () => {
    await using server = await start();
    const socket = connect(server.port, "127.0.0.1");
    socket.end("\u0000\u0001 noise\r\n\r\n");
    let answer = "";
    for await (const chunk of socket) answer += String(chunk);
    expect(answer).toContain("HTTP/1.1 400");
    expect((await fetch(`${server.address}/healthz`)).status).toBe(200);
  });

  test("a failure inside is told to the log and not to the client", async () => {
    const failing = (): never => {
      throw new Error("the secret of the house");
    };
    await using server = await start({ client: failing });
    const response = await fetch(server.address);
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain("secret");
    expect(server.errors).toHaveLength(1);
  });
});

describe("health", () => {
  test("it is ok while the store answers", async () => {
    await using server = await start();
    const response = await fetch(`${server.address}/healthz`);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ status: "ok", store: "ok" });
  });

  test("it is not while the server drains", async () => {
    await using server = await start({ isDraining: () => true });
    const response = await fetch(`${server.address}/healthz`);
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ status: "draining", store: "ok" });
  });

  test("it is not when the store fails", async () => {
    const store: Store = await openSqliteStore(":memory:");
    await store[Symbol.asyncDispose]();
    await using server = await start({ store });
    const response = await fetch(`${server.address}/healthz`);
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ status: "failing", store: "unreachable" });
  });
});

describe("metrics", () => {
  const read = (server: Running, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${server.address}/metrics`, { headers });

  test("this machine reads them; what a proxy forwards does not", async () => {
    await using server = await start();
    const response = await read(server);
    expect(response.status).toBe(200);
    expect(await response.text()).toContain("beeline_connections");
    expect((await read(server, { "x-forwarded-for": "127.0.0.1" })).status).toBe(404);
    expect((await read(server, { forwarded: "for=192.0.2.1" })).status).toBe(404);
  });

  test("a page under a name that points to this machine does not read them", async () => {
    await using server = await start();
    const { port } = new URL(server.address);
    const statusFor = (host: string): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        const asking = request(`${server.address}/metrics`, { headers: { host } }, (response) => {
          response.resume();
          resolve(response.statusCode);
        });
        asking.on("error", reject).end();
      });
    for (const host of [`localhost:${port}`, "127.0.0.1", `[::1]:${port}`]) {
      expect(await statusFor(host)).toBe(200);
    }
    expect(await statusFor(`rebound.example:${port}`)).toBe(404);
    expect(await statusFor("127.0.0.1.example")).toBe(404);
  });

  test("switched off, nobody reads them", async () => {
    await using server = await start({ metricsAccess: { from: "off", token: undefined } });
    expect((await read(server)).status).toBe(404);
  });

  test("with a token, only who has it", async () => {
    const token = "0123456789abcdef";
    await using server = await start({ metricsAccess: { from: "all", token } });
    expect((await read(server)).status).toBe(404);
    expect((await read(server, { authorization: "Bearer wrong" })).status).toBe(404);
    expect((await read(server, { authorization: `Bearer ${token}` })).status).toBe(200);
  });

  test("open to all, a proxy may read them", async () => {
    await using server = await start({ metricsAccess: { from: "all", token: undefined } });
    expect((await read(server, { "x-forwarded-for": "192.0.2.1" })).status).toBe(200);
  });
});
