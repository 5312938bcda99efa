import type { PeerChannel, PeerConnector, PeerHandlers } from "../../../shared/chatkit/ports.ts";

/** Ten times what the slowest machine that was measured needs for a link to itself. */
const PATIENCE_MS = 10_000;

/**
 * Opens a link from this machine to itself and sends a byte over it.
 * @returns the time that it took, ms
 */
export async function testDirectLink(peers: PeerConnector): Promise<number> {
  const arrived = Promise.withResolvers<void>();
  const start = performance.now();
  const ends: { offering?: PeerChannel; answering?: PeerChannel } = {};
  const handlers = (other: () => PeerChannel | undefined): PeerHandlers => ({
    onSignal: (signal) => other()?.signal(signal),
    onOpen: () => ends.offering?.send(new Uint8Array([1])),
    onMessage: () => arrived.resolve(),
    onDrain: () => undefined,
    onClose: (error) => arrived.reject(error ?? new Error("the link closed")),
  });
  ends.answering = peers.create(
    { initiator: false, iceServers: [] },
    { ...handlers(() => ends.offering), onOpen: () => undefined },
  );
  ends.offering = peers.create(
    { initiator: true, iceServers: [] },
    handlers(() => ends.answering),
  );
  const timer = setTimeout(
    () => arrived.reject(new Error(`no link within ${PATIENCE_MS / 1000} s`)),
    PATIENCE_MS,
  );
  try {
    await arrived.promise;
    return performance.now() - start;
  } finally {
    clearTimeout(timer);
    ends.offering.close();
    ends.answering.close();
  }
}
