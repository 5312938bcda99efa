import { join } from "node:path";
import { defineConfig } from "vite";

/** Everything but Electron and Node goes into one file: the package carries no node_modules. */
export default defineConfig({
  root: import.meta.dirname,
  // The tray's icons, which main finds beside itself.
  publicDir: join(import.meta.dirname, "../icons/shell"),
  ssr: { noExternal: true, external: ["electron"] },
  build: {
    ssr: "main.ts",
    target: "node24",
    outDir: join(import.meta.dirname, "../../dist/electron"),
    emptyOutDir: true,
    license: { fileName: "licences.md" },
    sourcemap: true,
    rolldownOptions: { output: { format: "es", entryFileNames: "main.js" } },
  },
});
