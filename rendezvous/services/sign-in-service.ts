import * as v from "valibot";
import { decodeDeviceStatement } from "../../shared/crypto/index.ts";
import {
  ProtocolError,
  UserId,
  type Params,
  type Result,
  type SignedIn,
} from "../../shared/protocol/index.ts";
import type { Clock } from "../clock.ts";
import type { Connection } from "../connection/connection.ts";
import { randomId } from "../random-id.ts";
import type { RendezvousConfig } from "../rendezvous-config.ts";
import { BetweenHalves } from "../sign-in/between-halves.ts";
import { deviceIdOf, type DeviceProofs } from "../sign-in/device-proof.ts";
import type { OpaqueServer } from "../sign-in/opaque-server.ts";
import type { PasswordCheck, StartedLogin } from "../sign-in/password-check.ts";
import type { RegistrationThrottle } from "../sign-in/registration-throttle.ts";
import type { Store } from "../store/store.ts";
import { bytesOf } from "./base64.ts";
import type { DeviceLists } from "./device-lists.ts";
import { requireStranger, type SessionService } from "./session-service.ts";

export interface SignInServiceOptions {
  readonly store: Store;
  readonly sessions: SessionService;
  readonly lists: DeviceLists;
  readonly opaque: OpaqueServer;
  readonly passwords: PasswordCheck;
  readonly proofs: DeviceProofs;
  readonly registrations: RegistrationThrottle;
  readonly config: RendezvousConfig;
  readonly clock: Clock;
}

type Half =
  | { readonly of: "login"; readonly userName: string; readonly login: StartedLogin }
  | {
      readonly of: "registration";
      readonly userId: UserId;
      readonly userName: string;
      readonly invite: string | undefined;
    };

/** New accounts, and sign-ins by password: two requests each, on one connection. */
export class SignInService {
  readonly #options: SignInServiceOptions;
  readonly #halves: BetweenHalves<Half>;

  constructor(options: SignInServiceOptions) {
    this.#options = options;
    this.#halves = new BetweenHalves(options.clock);
  }

  async registerStart(
    connection: Connection,
    { userName, request, invite }: Params<"account.registerStart">,
  ): Promise<Result<"account.registerStart">> {
    requireStranger(connection);
    const { clock, config, store, opaque, proofs, registrations } = this.#options;
    if (config.registration === "closed") {
      throw new ProtocolError("registration-closed", "This server takes no new accounts.");
    }
    const needsInvite = config.registration === "invite";
    if (needsInvite && invite === undefined) {
      throw new ProtocolError("invite-required", "This server asks for an invitation.");
    }
    registrations.take(connection.address.address);
    // Before the name: whoever was not invited does not learn which there are.
    if (needsInvite && !(await store.invites.admits(invite ?? "", clock.now()))) {
      throw new ProtocolError("invite-invalid", "The invitation is unknown, used up or expired.");
    }
    // Before the client's costly work; `create` decides where two ask at the same time.
    if ((await store.accounts.byName(userName)) !== undefined) {
      throw new ProtocolError("user-name-taken", "This user name is taken.");
    }
    const response = await opaque.registrationResponse(userName, request);
    const userId = v.parse(UserId, randomId());
    this.#halves.keep(connection, {
      of: "registration",
      userId,
      userName,
      invite: needsInvite ? invite : undefined,
    });
    return { userId, response, challenge: proofs.challenge(connection) };
  }

  registerFinish(
    connection: Connection,
    params: Params<"account.registerFinish">,
  ): Promise<SignedIn> {
    return this.#options.sessions.once(connection, "register", async () => {
      const { store, sessions, lists, opaque, proofs, config, clock } = this.#options;
      const half = this.#take(connection, "registration");
      const { userId, userName, invite } = half;
      const { displayName = userName, record, device: hello, statement } = params;
      const deviceId = proofs.check(connection, hello, { known: false });
      const { name, publicKey } = hello;
      // It is valid for this user; only one by and for this device begins the list here.
      const extension = await lists.extend(userId, [statement]);
      const subject = decodeDeviceStatement(bytesOf(statement))?.subject;
      if (subject === undefined || !Buffer.from(publicKey, "base64").equals(subject)) {
        throw new ProtocolError("wrong-device-key", "The device list begins with another device.");
      }
      if (!(await opaque.isRecord(record))) {
        throw new ProtocolError("invalid-params", "That is no registration record of OPAQUE.");
      }
      const now = clock.now();
      const account = await store.accounts.create({
        userId,
        userName,
        displayName,
        credential: record,
        now,
        ...(invite === undefined ? {} : { invite }),
        first: { deviceId, name, publicKey, sessionEnds: now + config.sessionTtlMs, extension },
      });
      return sessions.join(connection, account, hello, { deviceId, isNew: false });
    });
  }

  async signInStart(
    connection: Connection,
    { userName, request }: Params<"session.signInStart">,
  ): Promise<Result<"session.signInStart">> {
    requireStranger(connection);
    const { store, passwords, proofs } = this.#options;
    const { address } = connection.address;
    // An unknown user takes the same way, to the end (SPEC A3).
    const credential = (await store.accounts.byName(userName))?.credential;
    const { response, login } = await passwords.start({ userName, address, credential, request });
    this.#halves.keep(connection, { of: "login", userName, login });
    return { response, challenge: proofs.challenge(connection) };
  }

  signInFinish(connection: Connection, params: Params<"session.signInFinish">): Promise<SignedIn> {
    return this.#options.sessions.once(connection, "password", async () => {
      const { store, sessions, passwords, proofs, config, clock } = this.#options;
      const { userName, login } = this.#take(connection, "login");
      const { finish, device: hello } = params;
      const found = () => store.accounts.byName(userName);
      await passwords.finish(login, finish, async () => (await found())?.credential);
      const device = await store.devices.get(deviceIdOf(Buffer.from(hello.publicKey, "base64")));
      const deviceId = proofs.check(connection, hello, { known: device !== undefined });
      const account = await found();
      if (account === undefined || account.disabled) {
        throw new ProtocolError("account-disabled", "This account is disabled.");
      }
      const { userId } = account;
      const { name, publicKey } = hello;
      const now = clock.now();
      const isNew = await store.devices.signIn(
        { userId, deviceId, name, publicKey, now, sessionEnds: now + config.sessionTtlMs },
        config.devicesPerAccount,
      );
      return sessions.join(connection, account, hello, { deviceId, isNew });
    });
  }

  #take<K extends Half["of"]>(connection: Connection, of: K): Extract<Half, { of: K }> {
    const half = this.#halves.take(connection);
    if (half !== undefined && isOf(half, of)) return half;
    throw new ProtocolError("invalid-request", "There was no first half, or it was too long ago.");
  }
}

function isOf<K extends Half["of"]>(half: Half, of: K): half is Extract<Half, { of: K }> {
  return half.of === of;
}
