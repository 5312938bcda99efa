import { createServer, type RequestListener, type Server } from "node:http";
import { afterEach, beforeEach, expect, it } from "vitest";
import { LinkPreviews } from "./link-preview.ts";

const PNG = Buffer.from("89504e470d0a1a0a0000000d", "hex");
const direct = { resolveProxy: async () => "DIRECT" };

let server: Server;
let base: string;
let answer: RequestListener;
const asked: { url: string; headers: Record<string, unknown> }[] = [];

beforeEach(async () => {
  asked.length = 0;
  server = createServer((request, response) => {
    asked.push({ url: request.url ?? "", headers: request.headers });
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("no port");
  base = `http://127.0.0.1:${address.port}`;
});
afterEach(() => new Promise((resolve) => server.close(resolve)));

/** Everything is the Internet, but what a test says is not. */
function previews(allows = (_address: string): boolean => true) {
  return new LinkPreviews(direct, allows);
}

const html = { "content-type": "text/html; charset=utf-8" };

it("fetches title, text and picture, and tells the server nothing", async () => {
  answer = ({ url }, response) => {
    if (url === "/start") response.writeHead(302, { location: "/page", "set-cookie": "a=1" }).end();
    else if (url === "/bee") response.writeHead(200, { "content-type": "text/plain" }).end(PNG);
    else {
      response
        .writeHead(200, html)
        .end(
          '<title>Bees</title><meta name=description content="About"><meta property=og:image content=/bee>',
        );
    }
  };
  expect(await previews().fetch(`${base}/start#part`)).toEqual({
    url: `${base}/page`,
    title: "Bees",
    description: "About",
    image: `data:image/png;base64,${PNG.toString("base64")}`,
  });
  expect(asked.map(({ url }) => url)).toEqual(["/start", "/page", "/bee"]);
  for (const { headers } of asked) {
    expect(headers).not.toHaveProperty("cookie");
    expect(headers).not.toHaveProperty("referer");
  }
});

it("reads the page in its own encoding", async () => {
  answer = (_request, response) => {
    const page = Buffer.concat([
      Buffer.from("<meta charset=gbk><title>"),
      Buffer.from("c3dbb7e4", "hex"),
      Buffer.from("</title>"),
    ]);
    response.writeHead(200, { "content-type": "text/html" }).end(page);
  };
  expect((await previews().fetch(base))?.title).toBe("蜜蜂");
});

it.each([
  ["no HTML", (response) => response.writeHead(200, { "content-type": "text/plain" }).end("x")],
  ["no title", (response) => response.writeHead(200, html).end("<p>text")],
  ["an error", (response) => response.writeHead(404, html).end("<title>Not found</title>")],
  [
    "a packed page",
    (response) =>
      response.writeHead(200, { ...html, "content-encoding": "gzip" }).end("<title>x</title>"),
  ],
  ["a redirect to itself", (response) => response.writeHead(302, { location: "/" }).end()],
  [
    "a redirect out of the web",
    (response) => response.writeHead(302, { location: "file:///etc/passwd" }).end(),
  ],
  [
    "a redirect with a password",
    (response) => response.writeHead(302, { location: "http://a:b@127.0.0.1/" }).end(),
  ],
  ["a broken connection", (response) => response.destroy()],
] satisfies [string, (response: Parameters<RequestListener>[1]) => unknown][])(
  "has none for %s",
  async (_what, respond) => {
    answer = (_request, response) => void respond(response);
    expect(await previews().fetch(base)).toBeUndefined();
    expect(asked.length).toBeLessThanOrEqual(4);
  },
);

it("never speaks to a private address: named, written out, or redirected to", async () => {
  answer = (_request, response) => void response.writeHead(200, html).end("<title>secret</title>");
  const guarded = new LinkPreviews(direct);
  const { port } = new URL(base);
  for (const host of [
    "127.0.0.1",
    "localhost",
    "0x7f.0.0.1",
    "2130706433",
    "[::1]",
    "[::ffff:127.0.0.1]",
  ]) {
    expect(await guarded.fetch(`http://${host}:${port}/`)).toBeUndefined();
  }
  expect(asked).toEqual([]);

  // The first hop may be asked, the second not.
  let checks = 0;
  answer = (_request, response) => void response.writeHead(302, { location: "/inside" }).end();
  expect(await previews(() => (checks += 1) === 1).fetch(base)).toBeUndefined();
  expect(asked.map(({ url }) => url)).toEqual(["/"]);
});

it("asks no other service than the web’s", async () => {
  const looked: string[] = [];
  const watched = previews((address) => looked.push(address) < 0);
  for (const port of [22, 25, 1023, 6000, 6667]) {
    expect(await watched.fetch(`http://192.0.2.1:${port}/`)).toBeUndefined();
  }
  expect(looked).toEqual([]);
  for (const port of [80, 443, 8080]) await watched.fetch(`http://192.0.2.1:${port}/`);
  expect(looked).toHaveLength(3);
});

it("is none through a proxy, which would look the name up itself", async () => {
  answer = (_request, response) => void response.writeHead(200, html).end("<title>x</title>");
  const proxied = new LinkPreviews({ resolveProxy: async () => "PROXY 10.0.0.1:3128" }, () => true);
  expect(await proxied.fetch(base)).toBeUndefined();
  expect(asked).toEqual([]);
});

it("reads no more than 512 KiB, and takes no picture that is larger or none at all", async () => {
  answer = ({ url }, response) => {
    if (url === "/") {
      response.writeHead(200, html);
      response.write("<title>Endless</title><meta property=og:image content=/large>");
    } else response.writeHead(200, { "content-type": "image/png" }).write(PNG);
    const more = (): void => {
      while (!response.destroyed && response.write(Buffer.alloc(65_536, 32)));
    };
    response.on("drain", more);
    more();
  };
  expect(await previews().fetch(base)).toEqual({ url: `${base}/`, title: "Endless" });

  answer = ({ url }, response) => {
    if (url === "/") {
      response.writeHead(200, html).end("<title>x</title><meta property=og:image content=/svg>");
    } else response.writeHead(200, { "content-type": "image/png" }).end("<svg onload=alert(1)>");
  };
  expect(await previews().fetch(base)).toEqual({ url: `${base}/`, title: "x" });
});

it("fetches four at a time", async () => {
  const waiting: (() => void)[] = [];
  answer = (_request, response) =>
    void waiting.push(() => response.writeHead(200, html).end("<title>x</title>"));
  const all = previews();
  const four = [1, 2, 3, 4].map(() => all.fetch(base));
  expect(await all.fetch(base)).toBeUndefined();
  await expect.poll(() => waiting.length).toBe(4);
  for (const end of waiting) end();
  for (const preview of await Promise.all(four)) expect(preview?.title).toBe("x");
});
