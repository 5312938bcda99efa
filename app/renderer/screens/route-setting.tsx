import type { JSX } from "preact";
import { useId, useState } from "preact/hooks";
import type { RoutePolicy, UserId } from "../../../shared/protocol/index.ts";
import { Button } from "../components/button.tsx";
import { useAccount, useApp, useText } from "../components/context.tsx";
import { Icon } from "../components/icons.tsx";
import { DoctorDialog } from "./doctor-dialog.tsx";

const policies = [
  "automatic",
  "direct-only",
  "lan-only",
  "relay-only",
] as const satisfies readonly RoutePolicy[];

/** Which ways messages to a buddy may take, and what is in the way. */
export function RouteSetting({ peer, name }: { peer: UserId; name: string }): JSX.Element {
  const app = useApp();
  const account = useAccount();
  const { t } = useText();
  const group = useId();
  const [examining, setExamining] = useState(false);
  const { own, theirs } = account.routes.value.get(peer) ?? account.kit.network.route(peer);
  const direct = (policy: RoutePolicy): boolean =>
    policy === "direct-only" || policy === "lan-only";
  const excluded =
    (own === "relay-only" && direct(theirs)) || (theirs === "relay-only" && direct(own));
  return (
    <section class="details-section">
      <fieldset class="route">
        <legend>{t.network.route}</legend>
        {policies.map((policy) => (
          <label key={policy} class="route-option">
            <input
              type="radio"
              name={group}
              checked={policy === own}
              onChange={() => app.attempt(async () => account.kit.network.setRoute(peer, policy))}
            />
            <span class="route-words">
              <span>{t.network.routes[policy]}</span>
              {policy === own && <span class="switch-hint">{t.network.routeTexts[policy]}</span>}
            </span>
          </label>
        ))}
      </fieldset>
      {theirs !== "automatic" && (
        <p class={excluded ? "note note-warn" : "note"}>
          <Icon name="info" size={18} />
          <span>
            {t.network.theirRoute(name, t.network.routes[theirs])}{" "}
            {excluded && t.network.excluded(name)}
          </span>
        </p>
      )}
      <Button icon="pulse" onClick={() => setExamining(true)}>
        {t.network.check}
      </Button>
      {examining && <DoctorDialog peer={peer} name={name} onClose={() => setExamining(false)} />}
    </section>
  );
}
