import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer } from "vite";

const RENDERER = join(import.meta.dirname, "..", "..", "app", "renderer");

/** The interface over the scripted engine (`app/renderer/testing/preview.html`), on this machine. */
export class PreviewServer implements AsyncDisposable {
  /** Address of the page, without its query. */
  readonly page: string;
  readonly #end: () => Promise<void>;

  private constructor(page: string, end: () => Promise<void>) {
    this.page = page;
    this.#end = end;
  }

  static async start(): Promise<PreviewServer> {
    const cacheDir = await mkdtemp(join(tmpdir(), "beeline-preview-"));
    const server = await createServer({
      configFile: join(RENDERER, "vite.config.ts"),
      cacheDir,
      logLevel: "error",
      // What changes meanwhile changes no picture half-way.
      server: { host: "127.0.0.1", port: 0, watch: null, hmr: false },
    });
    await server.listen();
    const address = server.httpServer?.address();
    if (typeof address !== "object" || address === null) throw new Error("no address");
    return new PreviewServer(`http://127.0.0.1:${address.port}/testing/preview.html`, async () => {
      await server.close();
      await rm(cacheDir, { recursive: true, force: true });
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#end();
  }
}
