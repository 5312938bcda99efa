import { configDefaults, defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["{shared,rendezvous,app,e2e}/**/*.test.{ts,tsx}"],
    // They need nginx and coturn: `npm run test:nginx`, `npm run test:turn`.
    exclude: [...configDefaults.exclude, "rendezvous/packaging/**", "e2e/turn/**"],
    // Two cores: more workers only make real sockets and WebRTC peers slower.
    maxWorkers: 2,
    testTimeout: 20_000,
  },
});
