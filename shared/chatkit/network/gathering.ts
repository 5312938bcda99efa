import type { IceServer, PeerChannel, PeerConnector } from "../ports.ts";

/** What WebRTC finds out by asking STUN and TURN servers. */
export interface Gathered {
  /** An address of this machine's own was told as it is, not hidden behind a `.local` name. */
  readonly host: boolean;
  /** A STUN server showed an address that is not this machine's own. */
  readonly srflx: boolean;
  /** A TURN server gave an address. */
  readonly relay: boolean;
  /** Nothing more would come. */
  readonly complete: boolean;
  /** There is no WebRTC here, whatever the platform promised. */
  readonly broken: boolean;
}

type Kind = "host" | "srflx" | "relay";

/**
 * RFC 8839 §5.1: foundation, component, transport, priority, address, port, `typ`, type. Undefined for
 * host candidates of TCP, which are there without any network, and for hidden ones.
 */
function kindOf(candidate: string): string | undefined {
  const [, transport, address, kind] =
    /^candidate:\S+ \S+ (\S+) \S+ (\S+) \S+ typ (\S+)/.exec(candidate) ?? [];
  const isPlain = transport?.toLowerCase() === "udp" && address?.endsWith(".local") === false;
  return kind === "host" && !isPlain ? undefined : kind;
}

/** A gathering under way. */
export interface Gathering {
  /** Resolves when it has found all that was asked for, or nothing more will come. */
  readonly done: Promise<unknown>;
  /** What was found until now. */
  found(): Gathered;
  /** Releases the connection that was made for it; it went nowhere. */
  close(): void;
}

/**
 * Gathers candidates (RFC 8445 §5.1.1) for a connection with nobody.
 * @param wanted what is enough to be done
 */
export function gather(
  peers: PeerConnector,
  iceServers: readonly IceServer[],
  wanted: readonly Kind[],
): Gathering {
  const kinds = new Set<string>();
  const done = Promise.withResolvers<undefined>();
  let complete = false;
  let broken = false;
  const channel: PeerChannel = peers.create(
    { initiator: true, iceServers },
    {
      onSignal: (signal) => {
        if (signal.type !== "candidate") return;
        const kind = kindOf(signal.candidate);
        if (kind === undefined) return;
        kinds.add(kind);
        if (wanted.every((one) => kinds.has(one))) done.resolve(undefined);
      },
      onGathered: () => {
        complete = true;
        done.resolve(undefined);
      },
      onOpen: () => {},
      onMessage: () => {},
      onDrain: () => {},
      onClose: (error) => {
        broken = error !== undefined && kinds.size === 0;
        done.resolve(undefined);
      },
    },
  );
  return {
    done: done.promise,
    found: () => ({
      host: kinds.has("host"),
      srflx: kinds.has("srflx"),
      relay: kinds.has("relay"),
      complete,
      broken,
    }),
    close: () => channel.close(),
  };
}
