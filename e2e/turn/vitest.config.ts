import { defineConfig } from "vitest/config";

/** What needs a TURN server on the machine. */
export default defineConfig({ test: { dir: import.meta.dirname } });
