import SimplePeer from "simple-peer";
import wrtc from "wrtc";
import { expect, test, vi } from "vitest";
import type { PeerChannel } from "../../shared/chatkit/ports.ts";
import { shelterWebRtc } from "./sheltered-webrtc.ts";
import { createSimplePeerConnector } from "./simple-peer-connector.ts";

const wait = { timeout: 5_000, interval: 5 };

test("no description is read from native code while a link opens", async () => {
  const read: string[] = [];
  class Watched extends wrtc.RTCPeerConnection {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      return new Proxy(this, {
        get(target, key): unknown {
          if (/^(?!set).*Description$/.test(String(key))) read.push(String(key));
          return Reflect.get(target, key);
        },
      });
    }
  }
  const connector = createSimplePeerConnector(SimplePeer, {
    wrtc: { ...wrtc, RTCPeerConnection: Watched },
  });
  const ends: PeerChannel[] = [];
  let opened = 0;
  for (const at of [0, 1]) {
    const channel = connector.create(
      { initiator: at === 1, iceServers: [] },
      {
        onSignal: (signal) => ends[1 - at]?.signal(signal),
        onOpen: () => {
          opened += 1;
        },
        onMessage: () => {},
        onDrain: () => {},
        onClose: () => {},
      },
    );
    ends.push(channel);
  }
  await vi.waitUntil(() => opened === 2, wait);
  for (const end of ends) end.close();
  expect(read).toEqual([]);
});

test("the remote description is the one that was set", async () => {
  const { RTCPeerConnection } = shelterWebRtc(wrtc);
  const a = new RTCPeerConnection();
  const b = new RTCPeerConnection();
  a.createDataChannel("data");
  const offer = await a.createOffer();
  expect(b.remoteDescription).toBeNull();
  await b.setRemoteDescription(offer);
  expect(b.remoteDescription).toEqual(offer);
  a.close();
  b.close();
});

test("a connection is closed once more when it has told the last", async () => {
  const calls: string[] = [];
  class Watched extends wrtc.RTCPeerConnection {
    override close(): void {
      calls.push("close");
      super.close();
    }
  }
  const { RTCPeerConnection } = shelterWebRtc({ ...wrtc, RTCPeerConnection: Watched });
  const connection = new RTCPeerConnection();
  connection.addEventListener("signalingstatechange", () => calls.push("told"));
  connection.close();
  expect(calls).toEqual(["close"]);
  await vi.waitUntil(() => calls.includes("told"), wait);
  expect(calls).toEqual(["close", "close", "told"]);
});
