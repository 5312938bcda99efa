import { useEffect } from "preact/hooks";
import type { Safety } from "../../../shared/chatkit/api.ts";
import type { UserId } from "../../../shared/protocol/index.ts";
import { useAccount } from "../components/context.tsx";

/** What is known of how sure one can be about somebody; asked for when it is first shown. */
export function useSafety(peer: UserId): Safety | undefined {
  const account = useAccount();
  const state = account.roster.value.get(peer)?.state;
  useEffect(() => {
    if (state === "buddies") account.loadSafety(peer);
  }, [account, peer, state]);
  return account.safety.value.get(peer);
}
