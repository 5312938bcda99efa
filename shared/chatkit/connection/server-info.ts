import { closeCodes, type ServerInfo } from "../../protocol/index.ts";
import { CONNECT_TIMEOUT_MS } from "../limits.ts";
import type { Ports } from "../ports.ts";
import { errorOfClose } from "./outcomes.ts";
import { RpcSocket, unreachable } from "./rpc-socket.ts";

/**
 * Asks a server about itself over a connection of its own, without signing in.
 * @param url `ServerAddress.webSocketUrl`
 * @throws ProtocolError as the server refused it
 * @throws ChatKitError server-unreachable, wrong-certificate
 */
export async function serverInfo(
  url: string,
  ports: Pick<Ports, "clock" | "log" | "sockets">,
): Promise<ServerInfo> {
  const outcome = Promise.withResolvers<ServerInfo>();
  const rpc: RpcSocket = new RpcSocket(url, ports, {
    onOpen: () => rpc.call("server.info", {}, outcome),
    onEvent: () => {},
    onChannelData: () => {},
    onQuiet: () => {},
    onTimeout: () => {},
    onProtocolError: (error) => ports.log.warn("the server broke the protocol", { error }),
    onClose: (code, reason) => {
      outcome.reject(errorOfClose(code, reason));
    },
  });
  const deadline = ports.clock.setTimer(() => {
    rpc.abort(closeCodes.normal, "The server did not answer in time.");
  }, CONNECT_TIMEOUT_MS);
  try {
    return await outcome.promise;
  } finally {
    deadline.cancel();
    void rpc.end(closeCodes.normal, unreachable("The question was answered."));
  }
}
