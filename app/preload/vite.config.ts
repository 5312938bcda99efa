import { join } from "node:path";
import { defineConfig } from "vite";

/** A sandboxed preload is one CommonJS file; of Node it has `electron` only. */
export default defineConfig({
  root: import.meta.dirname,
  ssr: { noExternal: true, external: ["electron"], target: "node" },
  build: {
    ssr: "preload.ts",
    target: "node24",
    outDir: join(import.meta.dirname, "../../dist/electron"),
    emptyOutDir: false,
    rolldownOptions: {
      output: { format: "cjs", entryFileNames: "preload.cjs", codeSplitting: false },
    },
  },
});
