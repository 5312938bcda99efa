import {
  ProtocolError,
  type DeviceId,
  type ErrorName,
  type MethodName,
  type SignedIn,
} from "../../shared/protocol/index.ts";
import type { Clock } from "../clock.ts";
import type { Connection } from "../connection/connection.ts";
import type { MemberHandlers, OpenHandlers } from "../connection/dispatcher.ts";
import type { Member } from "../connection/member.ts";
import type { Background } from "../services/background.ts";
import { inviteLabel } from "../store/invite-code.ts";
import type { AccountStore } from "../store/store.ts";
import type { AuditLog } from "./audit-log.ts";

/** Refusals that tell of a limit. */
const LIMITS: ReadonlySet<ErrorName> = new Set(["rate-limited", "too-many-requests"]);
/** Refusals to register that an administrator may wonder about; a taken name is none. */
const NOT_ADMITTED: ReadonlySet<ErrorName> = new Set([
  "registration-closed",
  "invite-required",
  "invite-invalid",
]);

export interface AuditorOptions {
  readonly log: AuditLog;
  readonly accounts: Pick<AccountStore, "byName">;
  readonly background: Background;
  readonly clock: Clock;
}

/** Sees what handlers do and writes down what concerns security. Changes nothing. */
export class Auditor {
  readonly #options: AuditorOptions;
  /** The user name of a sign-in by password that has begun and not ended. */
  readonly #attempts = new WeakMap<Connection, string>();
  /** The first letters of the invitation of a registration that has begun. */
  readonly #invites = new WeakMap<Connection, string>();

  constructor(options: AuditorOptions) {
    this.#options = options;
  }

  open(handlers: OpenHandlers): OpenHandlers {
    return {
      ...handlers,
      "account.registerStart": async (connection, params) => {
        if (params.invite !== undefined) this.#invites.set(connection, inviteLabel(params.invite));
        return await this.#admitting(connection, async () =>
          handlers["account.registerStart"](connection, params),
        );
      },
      "account.registerFinish": async (connection, params) => {
        const signedIn = await this.#admitting(connection, async () =>
          handlers["account.registerFinish"](connection, params),
        );
        const invite = this.#invites.get(connection);
        const detail = invite === undefined ? {} : { detail: `invitation ${invite}` };
        this.#tellOf(connection, signedIn, { action: "registered", ...detail });
        return signedIn;
      },
      "session.signInStart": async (connection, params) => {
        this.left(connection);
        const answer = await handlers["session.signInStart"](connection, params);
        this.#attempts.set(connection, params.userName);
        return answer;
      },
      "session.signInFinish": async (connection, params) => {
        const userName = this.#attempts.get(connection);
        const startedAt = this.#options.clock.now();
        try {
          const signedIn = await handlers["session.signInFinish"](connection, params);
          this.#attempts.delete(connection);
          this.#tellOf(connection, signedIn, { action: "signed-in" });
          const device = signedIn.devices.find(({ deviceId }) => deviceId === signedIn.deviceId);
          if (device !== undefined && device.addedAt >= startedAt) {
            this.#tellOfDevice(
              connection,
              "device-added",
              signedIn.profile.userId,
              device.deviceId,
            );
          }
          return signedIn;
        } catch (error) {
          this.#attempts.delete(connection);
          if (userName !== undefined) this.#failed(connection, userName, nameOf(error));
          throw error;
        }
      },
    };
  }

  member(handlers: MemberHandlers): MemberHandlers {
    return {
      ...handlers,
      "session.signOut": async (member, params) => {
        const answer = await handlers["session.signOut"](member, params);
        if (params.forgetDevice) this.#deviceRemoved(member, member.deviceId);
        return answer;
      },
      "device.remove": async (member, params) => {
        const answer = await handlers["device.remove"](member, params);
        this.#deviceRemoved(member, params.deviceId);
        return answer;
      },
      "account.passwordFinish": async (member, params) => {
        const { userId: actor, connection } = member;
        const { address } = connection.address;
        try {
          const answer = await handlers["account.passwordFinish"](member, params);
          this.#options.log.write({ action: "password-changed", actor, address });
          return answer;
        } catch (error) {
          const detail = `password not changed: ${nameOf(error)}`;
          this.#options.log.write({ action: "sign-in-failed", actor, address, detail });
          throw error;
        }
      },
    };
  }

  /** A request was refused. */
  refused(connection: Connection, method: MethodName | "unknown", error: ErrorName): void {
    if (!LIMITS.has(error)) return;
    const { address } = connection.address;
    const actor = connection.member?.userId ?? "nobody";
    this.#options.log.write({ action: "limit-reached", actor, address, detail: method });
  }

  /** There was no room for another connection from this address. */
  crowded(address: string): void {
    const detail = "connections";
    this.#options.log.write({ action: "limit-reached", actor: "nobody", address, detail });
  }

  /**
   * The connection has ended, or began anew. With OPAQUE the client finds out by itself that the
   * password was wrong and does not finish: what was begun only was a failure.
   */
  left(connection: Connection): void {
    const userName = this.#attempts.get(connection);
    this.#attempts.delete(connection);
    if (userName !== undefined) this.#failed(connection, userName, "wrong-credential");
  }

  async #admitting<T>(connection: Connection, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const detail = nameOf(error);
      if (NOT_ADMITTED.has(detail)) {
        const { address } = connection.address;
        this.#options.log.write({
          action: "registration-refused",
          actor: "nobody",
          address,
          detail,
        });
      }
      throw error;
    }
  }

  #tellOf(
    { address: { address } }: Connection,
    { profile: { userId: actor, userName: subject } }: SignedIn,
    event: { readonly action: "registered" | "signed-in"; readonly detail?: string },
  ): void {
    this.#options.log.write({ ...event, actor, address, subject });
  }

  #deviceRemoved({ connection, userId }: Member, deviceId: DeviceId): void {
    this.#tellOfDevice(connection, "device-removed", userId, deviceId);
  }

  #tellOfDevice(
    { address: { address } }: Connection,
    action: "device-added" | "device-removed",
    actor: SignedIn["profile"]["userId"],
    subject: DeviceId,
  ): void {
    this.#options.log.write({ action, actor, address, subject });
  }

  /** Only names of accounts are written: people type passwords where the name belongs. */
  #failed({ address: { address } }: Connection, userName: string, reason: ErrorName): void {
    const { accounts, background, log } = this.#options;
    const written = accounts.byName(userName).then((account) =>
      log.write({
        action: "sign-in-failed",
        actor: "nobody",
        address,
        ...(account === undefined
          ? { detail: "no such user" }
          : { subject: account.userName, detail: reason }),
      }),
    );
    background.run("a failed sign-in was not written down", written);
  }
}

function nameOf(error: unknown): ErrorName {
  return error instanceof ProtocolError ? error.errorName : "internal";
}
