import { configDefaults, defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["{shared,rendezvous,app,e2e}/**/*.test.{ts,tsx}"],
    // Needs nginx: `npm run test:nginx`.
    exclude: [...configDefaults.exclude, "rendezvous/packaging/**"],
    // Two cores: more workers only make real sockets and WebRTC peers slower.
    maxWorkers: 2,
    testTimeout: 20_000,
  },
});
