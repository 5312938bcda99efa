import { ChatKitError } from "../../../shared/chatkit/api.ts";
import { parseServerAddress } from "../../../shared/chatkit/connection/server-address.ts";

/** Those that are signed in at the server. @param server an address, however it is written */
export function accountsAt<T extends { readonly server: string }>(
  accounts: readonly T[],
  server: string,
): readonly T[] {
  const wanted = originOf(server);
  return accounts.filter((account) => wanted !== undefined && originOf(account.server) === wanted);
}

function originOf(server: string): string | undefined {
  try {
    return parseServerAddress(server).origin;
  } catch (error) {
    if (error instanceof ChatKitError) return undefined;
    throw error;
  }
}
