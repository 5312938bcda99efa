import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["{shared,rendezvous,app,e2e}/**/*.test.{ts,tsx}"],
    // Two cores: more workers only make real sockets and WebRTC peers slower.
    maxWorkers: 2,
    testTimeout: 20_000,
  },
});
