import type { Params, UserId } from "../../shared/protocol/index.ts";
import type { Clock } from "../clock.ts";
import { RateLimiter } from "../connection/rate-limiter.ts";
import type { MemberMethod } from "../connection/dispatcher.ts";
import type { AllowanceName, Allowances } from "../rendezvous-config.ts";

/** What a request costs beside the request itself: a look-up, a row, a write. */
const GROUP_WRITE_BYTES = 4096;
const ENVELOPE_BYTES = 512;
/** Founding a group, or naming it anew, against another statement of its log. */
const FOUNDING = 10;
const NAMING = 5;
/** Whoever has a link can come in and leave again and again: a log must not be filled by that. */
const JOINING = 20;

/** Takes from an allowance of the asking account. */
interface Cost {
  readonly of: AllowanceName;
  readonly amount: number;
}

/** What each method costs of what; those without an entry cost a request of their connection only. */
const costs: { readonly [M in MemberMethod]?: (params: Params<M>) => Cost } = {
  "account.setProfile": announcement,
  "device.rename": announcement,
  "device.remove": announcement,
  "presence.set": announcement,
  "endpoint.update": announcement,
  "roster.add": () => ({ of: "rosterRequests", amount: 1 }),
  "signal.send": () => ({ of: "signals", amount: 1 }),
  "mailbox.put": ({ envelopes }) => ({
    of: "mailboxBytes",
    amount: envelopes.reduce((sum, put) => sum + ENVELOPE_BYTES + bytesIn(put.envelope), 0),
  }),
  "mailbox.post": ({ sealed, to }) => ({
    of: "mailboxBytes",
    amount: to.length * (ENVELOPE_BYTES + bytesIn(sealed)),
  }),
  "mailbox.fetch": () => ({ of: "reads", amount: 1 }),
  // As long as a page is, and made of many rows.
  "roster.get": () => ({ of: "reads", amount: 20 }),
  "group.list": () => ({ of: "reads", amount: 10 }),
  "group.get": () => ({ of: "reads", amount: 1 }),
  "devices.log": (params) => ({ of: "reads", amount: params.of.length }),
  "devices.append": ({ statements }) => ({ of: "deviceStatements", amount: statements.length }),
  "keyPackages.publish": ({ packages }) => ({ of: "keyPackages", amount: packages.length + 1 }),
  "keyPackages.take": ({ devices }) => ({ of: "keyPackages", amount: devices.length }),
  "conversation.found": () => ({ of: "memberships", amount: FOUNDING }),
  "conversation.append": ({ about }) => ({
    of: "memberships",
    amount: about === undefined ? 1 : NAMING,
  }),
  "conversation.join": () => ({ of: "memberships", amount: JOINING }),
  "conversation.linked": () => ({ of: "memberships", amount: 1 }),
  "conversation.log": () => ({ of: "reads", amount: 1 }),
  "conversation.list": () => ({ of: "reads", amount: 10 }),
  "conversation.profiles": ({ userIds }) => ({ of: "reads", amount: userIds.length }),
  "group.create": (params) => groupWrite(params.groupInfo, params.welcome?.welcome),
  "group.commit": (params) => groupWrite(params.groupInfo, params.commit, params.welcome?.welcome),
};

/** What all buddies are told of. */
function announcement(): Cost {
  return { of: "announcements", amount: 1 };
}

function groupWrite(...parts: readonly (string | undefined)[]): Cost {
  const bytes = parts.reduce((sum, part) => sum + bytesIn(part ?? ""), 0);
  return { of: "groupBytes", amount: GROUP_WRITE_BYTES + bytes };
}

/** Of base64 without looking at its padding. */
function bytesIn(base64: string): number {
  return (base64.length / 4) * 3;
}

/**
 * Bounds what one account may ask for, over all its devices, of everything that costs memory, disk,
 * computation or other people's attention.
 */
export class AccountAllowances {
  readonly #limiters: Readonly<Record<AllowanceName, RateLimiter>>;

  constructor(clock: Clock, allowances: Allowances) {
    const limiter = (name: AllowanceName): RateLimiter => new RateLimiter(clock, allowances[name]);
    this.#limiters = {
      announcements: limiter("announcements"),
      deviceStatements: limiter("deviceStatements"),
      groupBytes: limiter("groupBytes"),
      keyPackages: limiter("keyPackages"),
      mailboxBytes: limiter("mailboxBytes"),
      memberships: limiter("memberships"),
      reads: limiter("reads"),
      rosterRequests: limiter("rosterRequests"),
      signals: limiter("signals"),
    };
  }

  /** @throws ProtocolError rate-limited, with the time to wait */
  spend<M extends MemberMethod>(userId: UserId, method: M, params: Params<M>): void {
    const cost = costs[method]?.(params);
    if (cost !== undefined) this.#limiters[cost.of].take(userId, cost.amount);
  }
}
