import type { JSX } from "preact";
import { assertNever } from "../../../shared/chatkit/assert-never.ts";
import type { DeliveryState } from "../../../shared/chatkit/delivery/delivery-state.ts";
import type { Catalogue } from "../i18n/en.ts";
import type { Format } from "../i18n/format.ts";
import { Icon } from "./icons.tsx";

/** Clock, tick, two ticks, two coloured ticks, or a warning. */
export function DeliveryMark({ delivery }: { delivery: DeliveryState }): JSX.Element | null {
  switch (delivery.state) {
    case "received":
      return null;
    case "queued":
      return <Icon name="clock" size={15} />;
    case "sent":
      return <Icon name="check" size={15} />;
    case "delivered":
      return <Icon name="checks" size={17} />;
    case "read":
      return (
        <span class="mark-read">
          <Icon name="checks" size={17} />
        </span>
      );
    case "failed":
      return (
        <span class="mark-failed">
          <Icon name="alert" size={15} />
        </span>
      );
    default:
      return assertNever(delivery);
  }
}

/** The short name of a state, e.g. `Delivered, Direct`. */
export function deliveryName(t: Catalogue, delivery: DeliveryState): string {
  switch (delivery.state) {
    case "received":
      return t.delivery.path[delivery.path];
    case "queued":
    case "failed":
      return t.delivery[delivery.state];
    case "sent":
    case "delivered":
    case "read":
      return `${t.delivery[delivery.state]}, ${t.delivery.path[delivery.path]}`;
    default:
      return assertNever(delivery);
  }
}

/** State, path and reason in words: what the glyph's tooltip says. */
export function deliveryWords(t: Catalogue, format: Format, delivery: DeliveryState): string {
  switch (delivery.state) {
    case "received":
      return `${t.delivery.path[delivery.path]}\n${t.delivery.receivedLong[delivery.path]}`;
    case "queued":
      return `${t.delivery.queued}\n${t.delivery.waiting[delivery.waiting]}`;
    case "failed":
      return `${t.delivery.failed}\n${t.delivery.failure[delivery.reason]}`;
    case "sent":
    case "delivered":
    case "read": {
      const name = t.delivery[delivery.state];
      const head = delivery.state === "sent" ? name : t.delivery.at(name, format.time(delivery.at));
      const path = t.delivery.path[delivery.path];
      const long = t.delivery.pathLong[delivery.path];
      return `${head} · ${path}\n${long}\n${t.delivery.reason[delivery.reason]}`;
    }
    default:
      return assertNever(delivery);
  }
}
