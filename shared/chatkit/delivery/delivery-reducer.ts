import { assertNever } from "../assert-never.ts";
import type { DeliveryEvent, DeliveryState, Path, PathReason } from "./delivery-state.ts";

/**
 * The state after an event: total over all pairs, and never backwards (SPEC D7). An event that
 * would lead back, or that cannot concern the state, gives the same object, so that callers see
 * by identity that nothing changed.
 */
export function reduceDelivery(state: DeliveryState, event: DeliveryEvent): DeliveryState {
  switch (event.type) {
    case "waiting":
      if (state.state !== "queued" || state.waiting === event.reason) return state;
      return { state: "queued", waiting: event.reason };
    case "sent":
      if (state.state !== "queued" && state.state !== "sent") return state;
      if (state.state === "sent" && state.path === event.path && state.reason === event.reason) {
        return state;
      }
      return { state: "sent", path: event.path, reason: event.reason };
    case "delivered":
      if (state.state !== "queued" && state.state !== "sent") return state;
      return {
        state: "delivered",
        path: event.path,
        reason:
          state.state === "sent" && state.path === event.path
            ? state.reason
            : usualReason(event.path),
        at: event.at,
      };
    case "read":
      // A queued message that was read had arrived before a restart; its receipt comes first.
      if (state.state !== "sent" && state.state !== "delivered") return state;
      return { state: "read", path: state.path, reason: state.reason, at: event.at };
    case "failed":
      if (state.state !== "queued" && state.state !== "sent") return state;
      return { state: "failed", reason: event.reason };
    default:
      return assertNever(event);
  }
}

function usualReason(path: Path): PathReason {
  switch (path) {
    case "direct":
      return "link-open";
    case "relayed":
      return "link-opening";
    case "stored":
      return "offline";
    default:
      return assertNever(path);
  }
}
