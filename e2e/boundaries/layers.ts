/** Who may import whom (the first section of CONTRIBUTING.md says it in words). */
export interface Layer {
  /** Folder from the repository's root. */
  readonly folder: string;
  /** Other layers that its files may import. */
  readonly layers: readonly string[];
  /** Packages that its files may import; `@scope/*` stands for every package of the scope. */
  readonly packages: readonly string[];
  /** Packages that its tests may import beside those and the ones of all tests. */
  readonly testPackages?: readonly string[];
  /** Whether `node:` modules are allowed. */
  readonly node: boolean;
}

export const LAYERS: readonly Layer[] = [
  { folder: "shared/protocol", layers: [], packages: ["valibot"], node: false },
  {
    folder: "shared/crypto",
    layers: [],
    packages: ["@hpke/*", "@noble/*", "@scure/base", "@serenity-kit/opaque", "ts-mls"],
    node: false,
  },
  {
    folder: "shared/chatkit",
    layers: ["shared/protocol", "shared/crypto"],
    packages: ["valibot"],
    node: false,
  },
  {
    folder: "rendezvous",
    layers: ["shared/protocol", "shared/crypto"],
    packages: [
      "@noble/*",
      "@peculiar/x509",
      "@scure/base",
      "@serenity-kit/opaque",
      "bonjour-service",
      "pino",
      "prom-client",
      "qr",
      "reflect-metadata",
      "smol-toml",
      "valibot",
      "ws",
    ],
    node: true,
  },
  {
    folder: "app/peer",
    layers: ["shared/protocol", "shared/chatkit"],
    packages: ["simple-peer", "valibot"],
    // A WebRTC for tests in Node.
    testPackages: ["wrtc"],
    node: false,
  },
  {
    folder: "app/lan",
    // The peer layer for its clock.
    layers: ["shared/protocol", "shared/chatkit", "app/peer"],
    packages: ["bonjour-service", "valibot"],
    node: true,
  },
  {
    folder: "app/cli",
    layers: ["shared/protocol", "shared/crypto", "shared/chatkit", "app/peer", "app/lan"],
    packages: ["lowdb", "simple-peer", "valibot", "wrtc", "ws"],
    // What the host's native code is compared with.
    testPackages: ["@noble/*"],
    node: true,
  },
  {
    folder: "app/renderer",
    // The preload only for the type of its bridge.
    layers: ["shared/protocol", "shared/crypto", "shared/chatkit", "app/peer", "app/preload"],
    packages: [
      "@noble/*",
      "@preact/signals",
      "@scure/base",
      "client-zip",
      "dexie",
      "dompurify",
      "emojibase",
      "emojibase-data",
      "linkifyjs",
      "markdown-it",
      "preact",
      "qr",
      "simple-peer",
      "valibot",
      "virtua",
    ],
    node: false,
  },
  { folder: "app/preload", layers: [], packages: ["electron", "valibot"], node: false },
  {
    folder: "app/main",
    layers: ["app/lan", "app/preload"],
    packages: ["electron", "electron-updater", "htmlparser2", "lowdb", "valibot"],
    node: true,
  },
  { folder: "app/start", layers: [], packages: [], node: true },
];

/** Files under the checked folders that belong to no layer, each with its reason. */
export const OUTSIDE_LAYERS: ReadonlySet<string> = new Set([
  // Ambient types for the three layers under shared/; imports nothing.
  "shared/globals.d.ts",
]);

/** Only tests and the `testing/` folders (fakes, contract suites) may import these. */
export const TEST_PACKAGES: readonly string[] = ["fake-indexeddb", "fast-check", "vitest"];

/** Only `*.config.ts` may import these; and `node:` modules in every layer. */
export const CONFIG_PACKAGES: readonly string[] = ["@preact/preset-vite", "vite", "vitest"];
