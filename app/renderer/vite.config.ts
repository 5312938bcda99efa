import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import preact from "@preact/preset-vite";
import * as v from "valibot";
import { defineConfig } from "vite";

const root = fileURLToPath(new URL(".", import.meta.url));
const { version } = v.parse(
  v.object({ version: v.string() }),
  JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")),
);

export default defineConfig({
  root,
  // Relative, so that the same build works under http://server/ and under app://.
  base: "./",
  define: { __BEELINE_VERSION__: JSON.stringify(version), global: "globalThis" },
  plugins: [preact()],
  build: {
    outDir: "../../dist/renderer",
    emptyOutDir: true,
    // Of the packages in the bundle; goes with the desktop packages.
    license: { fileName: "licences.md" },
    target: "chrome130",
    // The content security policy has 'self' only: no data: addresses, no inline scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // One program, loaded once from a machine near by.
    chunkSizeWarningLimit: 1024,
  },
  server: { host: "127.0.0.1" },
});
