/** A site of the web that says of itself what previews show, and remembers what it was asked for. */
import { createServer } from "node:http";

const PAGE = `<!doctype html><title>ignored</title>
<meta property="og:title" content="A harbour &lt;b&gt; for bees">
<meta property="og:description" content="All about it">
<meta property="og:image" content="/picture.png">`;

/** One point. */
const PICTURE = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==",
  "base64",
);

export class Site implements AsyncDisposable {
  readonly origin: string;
  /** Paths, in their order. */
  readonly asked: readonly string[];
  readonly #close: () => Promise<void>;

  private constructor(origin: string, asked: readonly string[], close: () => Promise<void>) {
    this.origin = origin;
    this.asked = asked;
    this.#close = close;
  }

  static async start(): Promise<Site> {
    const asked: string[] = [];
    const server = createServer(({ url = "" }, response) => {
      asked.push(url);
      const isPicture = url.endsWith(".png");
      response.writeHead(200, { "content-type": isPicture ? "image/png" : "text/html" });
      response.end(isPicture ? PICTURE : PAGE);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    if (typeof address !== "object" || address === null) throw new Error("no address");
    return new Site(`http://127.0.0.1:${address.port}`, asked, async () => {
      await new Promise((resolve) => server.close(resolve));
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#close();
  }
}
