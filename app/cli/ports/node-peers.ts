import { createRequire } from "node:module";
import SimplePeer from "simple-peer";
import type { PeerConnector } from "../../../shared/chatkit/ports.ts";
import { createSimplePeerConnector, type WebRtc } from "../../peer/simple-peer-connector.ts";

/**
 * Direct links by `wrtc`, whose native code is loaded by the first call; undefined where there is
 * none for this platform.
 */
export function loadNodePeers(): PeerConnector | undefined {
  const wrtc = loadWrtc();
  return wrtc === undefined ? undefined : createSimplePeerConnector(SimplePeer, { wrtc });
}

function loadWrtc(): WebRtc | undefined {
  try {
    const loaded: unknown = createRequire(import.meta.url)("wrtc");
    return isWebRtc(loaded) ? loaded : undefined;
  } catch {
    // An optional dependency: npm leaves it out on platforms that it was not built for.
    return undefined;
  }
}

function isWebRtc(loaded: unknown): loaded is WebRtc {
  return typeof loaded === "object" && loaded !== null && "RTCPeerConnection" in loaded;
}
