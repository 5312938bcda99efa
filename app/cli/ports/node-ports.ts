import { createLan } from "../../lan/lan.ts";
import { systemClock } from "../../peer/system-clock.ts";
import type { Log, Ports } from "../../../shared/chatkit/ports.ts";
import { useNativeCrypto } from "../../../shared/crypto/index.ts";
import { localAddresses } from "../../lan/local-addresses.ts";
import { createFileVaults } from "./file-vault.ts";
import { nodeCrypto } from "./native-crypto.ts";
import { loadNodePeers } from "./node-peers.ts";
import { nodeRandom } from "./node-random.ts";
import { silentLog } from "./silent-log.ts";
import { createSqliteStores } from "./sqlite-message-store.ts";
import { stunProbe } from "./stun-probe.ts";
import { createWsConnector, type TlsOptions } from "./ws-connector.ts";

export interface NodePortsOptions {
  /** Histories are kept below it; made where it is missing. */
  readonly dataFolder: string;
  /** Absent: nothing is logged. */
  readonly log?: Log;
  /** False: no direct links, and their native code is not loaded. Default true. */
  readonly peers?: boolean;
  /** True: it is there on the local network, and finds others there. Default false. */
  readonly lan?: boolean;
  readonly tls?: TlsOptions;
}

/** The engine's ports on Node: `ws`, `wrtc`, `node:sqlite`, and OpenSSL for everything. Never throws. */
export function createNodePorts(options: NodePortsOptions): Ports {
  const { dataFolder, log = silentLog, peers: wanted = true, lan = false, tls } = options;
  useNativeCrypto(nodeCrypto);
  const peers = wanted ? loadNodePeers() : undefined;
  if (wanted && peers === undefined) log.warn("no WebRTC here: everything goes by relay");
  return {
    clock: systemClock,
    random: nodeRandom,
    sockets: createWsConnector(log, tls),
    ...(peers === undefined ? {} : { peers }),
    ...(lan ? { lan: createLan({ log }) } : {}),
    stores: createSqliteStores(dataFolder),
    files: createFileVaults(dataFolder),
    stun: stunProbe,
    log,
    localAddresses: () => localAddresses(),
  };
}
