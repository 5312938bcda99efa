import { defineConfig } from "vitest/config";

/** What needs programs that not every machine has. */
export default defineConfig({ test: { dir: import.meta.dirname } });
