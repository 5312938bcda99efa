import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import type { PeerConnector } from "../../../shared/chatkit/ports.ts";
import { testDirectLink } from "./direct-link-test.ts";
import { createNodePorts } from "./node-ports.ts";

test("has every port, and WebRTC unless it is not wanted", () => {
  const ports = createNodePorts({ dataFolder: tmpdir() });
  expect(ports.peers).toBeDefined();
  expect(createNodePorts({ dataFolder: tmpdir(), peers: false })).not.toHaveProperty("peers");
  expect(Math.abs(ports.clock.now() - Date.now())).toBeLessThan(1000);
});

test("random bytes are of the length asked for, and differ", () => {
  const { random } = createNodePorts({ dataFolder: tmpdir(), peers: false });
  expect(random.bytes(0)).toHaveLength(0);
  expect(random.bytes(100_000)).toHaveLength(100_000);
  expect(random.bytes(16)).not.toEqual(random.bytes(16));
});

test("a direct link from this machine to itself opens and carries a frame", async () => {
  const { peers } = createNodePorts({ dataFolder: tmpdir() });
  if (peers === undefined) throw new Error("no WebRTC on this platform");
  expect(await testDirectLink(peers)).toBeGreaterThan(0);
});

test("a link that cannot open is told with its reason", async () => {
  const broken: PeerConnector = {
    create(_options, handlers) {
      queueMicrotask(() => handlers.onClose(new Error("UDP is blocked")));
      return {
        bufferedAmount: 0,
        selectedPair: async () => undefined,
        signal() {},
        send() {},
        close() {},
      };
    },
  };
  await expect(testDirectLink(broken)).rejects.toThrow("UDP is blocked");
});
