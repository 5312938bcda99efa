import SimplePeer from "simple-peer/simplepeer.min.js";
import { createSimplePeerConnector } from "../../peer/simple-peer-connector.ts";
import { systemClock } from "../../peer/system-clock.ts";
import type { KeyProtector, Lan, Ports } from "../../../shared/chatkit/ports.ts";
import type { TransportAddress } from "../../../shared/protocol/index.ts";
import { createConsoleLog, type LogLevel } from "./console-log.ts";
import { createDexieStores } from "./dexie-store.ts";
import { IndexedFileVault } from "./indexed-file-vault.ts";
import { askForPersistence } from "./persistent-storage.ts";
import { createPinningConnector, type CertificateGuard } from "./pinning-connector.ts";
import { webRandom } from "./web-random.ts";
import { webSocketConnector } from "./web-socket-connector.ts";

export interface BrowserPortsOptions {
  /** A browser tells none; Electron's main process knows them. */
  readonly localAddresses: () => readonly TransportAddress[];
  readonly keyProtector?: KeyProtector;
  /** A browser lets no page speak to its network. */
  readonly lan?: Lan;
  /** Checks the pins of servers; a browser lets nobody. */
  readonly guard?: CertificateGuard;
  /** The least that reaches the console; `warn` if left out. */
  readonly logLevel?: LogLevel;
}

/** The engine's ports in a page: WebSocket, WebRTC where the browser has it, IndexedDB. */
export function createBrowserPorts(options: BrowserPortsOptions): Ports {
  const { localAddresses, guard, keyProtector, lan, logLevel = "warn" } = options;
  const log = createConsoleLog(logLevel);
  const stores = createDexieStores(log);
  return {
    clock: systemClock,
    random: webRandom,
    sockets:
      guard === undefined ? webSocketConnector : createPinningConnector(webSocketConnector, guard),
    ...("RTCPeerConnection" in globalThis ? { peers: createSimplePeerConnector(SimplePeer) } : {}),
    stores: {
      async open(account) {
        // The answer may need the person's click, so nobody waits for it.
        void askForPersistence(log);
        return stores.open(account);
      },
    },
    files: { open: async (account) => new IndexedFileVault(account) },
    ...(keyProtector === undefined ? {} : { keyProtector }),
    ...(lan === undefined ? {} : { lan }),
    log,
    localAddresses,
  };
}
