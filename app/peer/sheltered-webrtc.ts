/** WebRTC where the host has none of its own: the `wrtc` package. */
export interface WebRtc {
  readonly RTCPeerConnection: typeof RTCPeerConnection;
  readonly RTCSessionDescription: typeof RTCSessionDescription;
  readonly RTCIceCandidate: typeof RTCIceCandidate;
}

/** WebRTC with two of its uses taken away that crash `wrtc` 0.10.0, and with it the process. */
export function shelterWebRtc(native: WebRtc): WebRtc {
  return {
    RTCPeerConnection: class extends native.RTCPeerConnection {
      constructor(configuration?: RTCConfiguration) {
        super(configuration);
        closeToTheEnd(this);
        return withoutReading(this);
      }
    },
    RTCSessionDescription: native.RTCSessionDescription,
    RTCIceCandidate: native.RTCIceCandidate,
  };
}

/**
 * A data channel that the other side opened may still be on its way here when the connection is
 * closed. `wrtc` then hands it over to the closed connection, which holds on to it, and the
 * process crashes when it exits. Closing once more lets go of it. The change to `closed` is the
 * last thing that a connection tells.
 */
function closeToTheEnd(connection: RTCPeerConnection): void {
  connection.addEventListener("signalingstatechange", () => {
    if (connection.signalingState === "closed") connection.close();
  });
}

/**
 * `wrtc` writes a description out on this thread while another adds the candidates it finds to
 * it. simple-peer reads the local one just then; it takes its own offer or answer where there is
 * none, which lacks nothing but those candidates, and they are told one by one.
 */
function withoutReading<Connection extends RTCPeerConnection>(connection: Connection): Connection {
  let remote: RTCSessionDescriptionInit | null = null;
  const setRemoteDescription = async (description: RTCSessionDescriptionInit): Promise<void> => {
    await connection.setRemoteDescription(description);
    remote = description;
  };
  // A proxy, as `wrtc` defines these properties on each connection, not to be configured.
  return new Proxy(connection, {
    get(target, key): unknown {
      if (key === "localDescription") return null;
      if (key === "remoteDescription") return remote;
      if (key === "setRemoteDescription") return setRemoteDescription;
      return Reflect.get(target, key);
    },
  });
}
