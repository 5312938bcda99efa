import { useEffect, useState } from "preact/hooks";
import type { ServerInfo } from "../../../shared/protocol/index.ts";
import { useApp } from "../components/context.tsx";
import { completeServerAddress } from "../model/server-address.ts";

export type ServerProbe =
  | { readonly state: "none" | "checking" | "invalid" | "unreachable" }
  | { readonly state: "found"; readonly info: ServerInfo };

/** Asked when the person pauses, not at every letter. */
const PAUSE_MS = 450;

/** What stands behind the address in the form. */
export function useServerProbe(typed: string, pin: string | undefined): ServerProbe {
  const app = useApp();
  const [probe, setProbe] = useState<ServerProbe>({ state: "none" });
  useEffect(() => {
    if (typed.trim() === "") {
      setProbe({ state: "none" });
      return undefined;
    }
    const server = completeServerAddress(typed);
    if (server === undefined) {
      setProbe({ state: "invalid" });
      return undefined;
    }
    let current = true;
    setProbe({ state: "checking" });
    const timer = setTimeout(() => {
      app.probe(pin === undefined ? { server } : { server, pin }).then(
        (info) => {
          if (current) setProbe({ state: "found", info });
        },
        () => {
          // Whatever the reason: the person sees that no server answers there.
          if (current) setProbe({ state: "unreachable" });
        },
      );
    }, PAUSE_MS);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [typed, pin, app]);
  return probe;
}
