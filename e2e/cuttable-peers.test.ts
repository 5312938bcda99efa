import { expect, test } from "vitest";
import type {
  PeerChannel,
  PeerConnector,
  PeerHandlers,
  PeerSignal,
} from "../shared/chatkit/ports.ts";
import { CuttablePeers } from "./cuttable-peers.ts";

/** One channel, driven by the test from the far side. */
class ScriptedPeers implements PeerConnector {
  far: PeerHandlers | undefined;
  readonly sent: unknown[] = [];

  create(_options: unknown, handlers: PeerHandlers): PeerChannel {
    this.far = handlers;
    return {
      signal: (signal) => this.sent.push(signal.type),
      send: (bytes) => this.sent.push(bytes[0]),
      bufferedAmount: 0,
      selectedPair: async () => undefined,
      close: () => handlers.onClose(),
    };
  }
}

const offer: PeerSignal = { type: "offer", sdp: "v=0" };

function setUp() {
  const scripted = new ScriptedPeers();
  const peers = new CuttablePeers(scripted);
  const told: unknown[] = [];
  const create = () =>
    peers.create(
      { initiator: true, iceServers: [] },
      {
        onSignal: ({ type }) => told.push(type),
        onOpen: () => told.push("open"),
        onMessage: (bytes) => told.push(bytes[0]),
        onDrain: () => told.push("drain"),
        onClose: () => told.push("close"),
      },
    );
  return { scripted, peers, told, create };
}

test("passes everything while it is not cut", () => {
  const { scripted, told, create } = setUp();
  const channel = create();
  channel.signal(offer);
  scripted.far?.onSignal(offer);
  scripted.far?.onOpen();
  channel.send(new Uint8Array([1]));
  scripted.far?.onMessage(new Uint8Array([2]));
  scripted.far?.onDrain();
  channel.close();
  expect(scripted.sent).toEqual(["offer", 1]);
  expect(told).toEqual(["offer", "open", 2, "drain", "close"]);
});

test("frames of an open channel vanish both ways while it is cut, and pass again afterwards", () => {
  const { scripted, peers, told, create } = setUp();
  const channel = create();
  scripted.far?.onOpen();
  peers.cut();
  channel.send(new Uint8Array([1]));
  scripted.far?.onMessage(new Uint8Array([2]));
  peers.restore();
  channel.send(new Uint8Array([3]));
  scripted.far?.onMessage(new Uint8Array([4]));
  expect(scripted.sent).toEqual([3]);
  expect(told).toEqual(["open", 4]);
});

test("what was not open at the cut never opens, and can be closed", () => {
  const { scripted, peers, told, create } = setUp();
  const before = create();
  const farOfBefore = scripted.far;
  peers.cut();
  const during = create();
  for (const [channel, far] of [
    [before, farOfBefore],
    [during, scripted.far],
  ] as const) {
    channel.signal(offer);
    far?.onSignal(offer);
    far?.onOpen();
    peers.restore();
    far?.onOpen();
    far?.onMessage(new Uint8Array([1]));
    channel.close();
  }
  expect(scripted.sent).toEqual([]);
  expect(told).toEqual(["close", "close"]);
});
