import * as v from "valibot";
import {
  closeCodes,
  DeviceId,
  ProtocolError,
  UserId,
  type DeviceHello,
  type Params,
  type SignedIn,
} from "../../shared/protocol/index.ts";
import type { Bus } from "../bus/bus.ts";
import type { Clock } from "../clock.ts";
import type { Connection } from "../connection/connection.ts";
import { Member } from "../connection/member.ts";
import type { Metrics } from "../metrics.ts";
import { randomId } from "../random-id.ts";
import type { RendezvousConfig } from "../rendezvous-config.ts";
import type { CredentialGuard } from "../sign-in/credential-guard.ts";
import type { RegistrationThrottle } from "../sign-in/registration-throttle.ts";
import { hashSessionToken, newSessionToken } from "../sign-in/session-token.ts";
import type { Account, Store } from "../store/store.ts";
import type { AccountService } from "./account-service.ts";
import type { BuddyLists } from "./buddy-lists.ts";
import type { PresenceService } from "./presence-service.ts";
import type { RosterEntries } from "./roster-entries.ts";
import { serverInfo } from "./server-info.ts";

/** A session's end is moved, and a device's last sign-in written, no more often than this. */
const RENEW_MS = 24 * 60 * 60 * 1000;

export interface SessionServiceOptions {
  readonly store: Store;
  readonly bus: Bus;
  readonly buddies: BuddyLists;
  readonly entries: RosterEntries;
  readonly presence: PresenceService;
  readonly accounts: AccountService;
  readonly credentials: CredentialGuard;
  readonly registrations: RegistrationThrottle;
  readonly config: RendezvousConfig;
  readonly clock: Clock;
  readonly metrics: Metrics;
}

type Way = "password" | "resume" | "register";

/** Makes connections members: by a new account, a credential or a session's token. */
export class SessionService {
  readonly #options: SessionServiceOptions;

  constructor(options: SessionServiceOptions) {
    this.#options = options;
  }

  register(connection: Connection, params: Params<"account.register">): Promise<SignedIn> {
    return this.#once(connection, "register", async () => {
      const { config, store, credentials, registrations, clock } = this.#options;
      if (config.registration === "closed") {
        throw new ProtocolError("registration-closed", "This server takes no new accounts.");
      }
      const { userName, displayName = userName, credential, invite, device } = params;
      if (config.registration === "invite" && invite === undefined) {
        throw new ProtocolError("invite-required", "This server asks for an invitation.");
      }
      registrations.take(connection.address.address);
      // Before the costly hash; `create` decides where two ask at the same time.
      if ((await store.accounts.byName(userName)) !== undefined) {
        throw new ProtocolError("user-name-taken", "This user name is taken.");
      }
      const account = await store.accounts.create({
        userId: v.parse(UserId, randomId()),
        userName,
        displayName,
        credential: await credentials.enrol(credential),
        now: clock.now(),
        ...(config.registration === "invite" && invite !== undefined ? { invite } : {}),
      });
      return this.#begin(connection, account, device);
    });
  }

  signIn(connection: Connection, params: Params<"session.signIn">): Promise<SignedIn> {
    return this.#once(connection, "password", async () => {
      const { store, credentials } = this.#options;
      const { userName, credential } = params;
      const { address } = connection.address;
      const account = await store.accounts.byName(userName);
      const stored = account?.credential;
      await credentials.check({ userName, address, credential, stored });
      if (account === undefined) throw new TypeError("nobody has a right credential");
      if (account.disabled) {
        throw new ProtocolError("account-disabled", "This account is disabled.");
      }
      return this.#begin(connection, account, params.device);
    });
  }

  resume(connection: Connection, params: Params<"session.resume">): Promise<SignedIn> {
    return this.#once(connection, "resume", async () => {
      const { store, clock, config } = this.#options;
      const now = clock.now();
      const tokenHash = hashSessionToken(params.sessionToken);
      const session = await store.sessions.get(tokenHash, now);
      if (session === undefined) throw sessionEnded();
      const [account, device] = await Promise.all([
        store.accounts.byId(session.userId),
        store.devices.get(session.deviceId),
      ]);
      if (account === undefined || account.disabled || device === undefined) throw sessionEnded();
      const { name, publicKey } = params.device;
      const changed = device.name !== name || device.publicKey !== publicKey;
      if (changed || now - device.lastSeen > RENEW_MS) {
        await store.devices.put(
          { ...device, name, publicKey, lastSeen: now },
          config.devicesPerAccount,
        );
      }
      const expiresAt = now + config.sessionTtlMs;
      if (expiresAt - session.expiresAt > RENEW_MS) {
        await store.sessions.extend(tokenHash, expiresAt);
      }
      const { sessionToken } = params;
      const { deviceId } = session;
      return this.#join(connection, account, params.device, { sessionToken, deviceId, changed });
    });
  }

  /** Proof of life; also finds out what another process (a command) has done to the session. */
  async ping(member: Member): Promise<{}> {
    if (!(await this.recheck(member))) throw sessionEnded();
    return {};
  }

  /**
   * Ends the connection where its session is gone (false then); one that only grew old while it was
   * connected goes on.
   */
  async recheck(member: Member): Promise<boolean> {
    const { store, clock, config } = this.#options;
    // At time 0 no session has expired.
    const session = await store.sessions.get(member.tokenHash, 0);
    if (session === undefined) {
      member.end(closeCodes.sessionEnded);
      return false;
    }
    const expiresAt = clock.now() + config.sessionTtlMs;
    if (expiresAt - session.expiresAt > RENEW_MS) {
      await store.sessions.extend(member.tokenHash, expiresAt);
    }
    return true;
  }

  async signOut(member: Member, { forgetDevice }: Params<"session.signOut">): Promise<{}> {
    const { store, accounts } = this.#options;
    await store.sessions.remove(member.tokenHash);
    if (forgetDevice) {
      await store.devices.remove(member.deviceId);
      await accounts.devicesChanged(member.userId, member.deviceId);
    }
    // After the answer, which is sent when this resolves.
    setImmediate(() => member.end(closeCodes.normal));
    return {};
  }

  /** One sign-in of a connection at a time, and no second after it. */
  async #once(connection: Connection, way: Way, work: () => Promise<SignedIn>): Promise<SignedIn> {
    if (connection.signingIn || connection.member !== undefined) {
      throw new ProtocolError("already-signed-in", "This connection is signed in.");
    }
    const { metrics } = this.#options;
    connection.signingIn = true;
    try {
      const signedIn = await work();
      metrics.signIn(way, "ok");
      return signedIn;
    } catch (error) {
      metrics.signIn(way, error instanceof ProtocolError ? error.errorName : "internal");
      throw error;
    } finally {
      connection.signingIn = false;
    }
  }

  async #begin(connection: Connection, account: Account, hello: DeviceHello): Promise<SignedIn> {
    const { store, config, clock } = this.#options;
    const { userId } = account;
    const known =
      hello.deviceId === undefined ? undefined : await store.devices.get(hello.deviceId);
    // A device that was removed, or is somebody else's, starts anew.
    const own = known?.userId === userId ? known : undefined;
    const deviceId = own?.deviceId ?? v.parse(DeviceId, randomId());
    const { name, publicKey } = hello;
    const now = clock.now();
    await store.devices.put(
      { userId, deviceId, name, publicKey, lastSeen: now },
      config.devicesPerAccount,
    );
    const sessionToken = newSessionToken();
    const expiresAt = now + config.sessionTtlMs;
    await store.sessions.put(hashSessionToken(sessionToken), { userId, deviceId, expiresAt });
    const changed = own === undefined || own.name !== name || own.publicKey !== publicKey;
    return this.#join(connection, account, hello, { sessionToken, deviceId, changed });
  }

  /** From here on the device is online. What happens meanwhile waits until it was answered. */
  async #join(
    connection: Connection,
    account: Account,
    hello: DeviceHello,
    session: { sessionToken: string; deviceId: DeviceId; changed: boolean },
  ): Promise<SignedIn> {
    const { store, bus, buddies, entries, presence, accounts, config, clock } = this.#options;
    const { userId } = account;
    const { sessionToken, deviceId } = session;
    // Before it joins: whoever sees it online from then on is told when it leaves.
    while (!buddies.has(userId)) await buddies.load(userId);
    if (!connection.open) {
      if (bus.user(userId) === undefined) buddies.forget(userId);
      throw new ProtocolError("unavailable", "The connection is closed.");
    }
    const member = new Member({
      connection,
      userId,
      deviceId,
      tokenHash: hashSessionToken(sessionToken),
      client: hello.client,
      local: hello.local,
    });
    connection.member = member;
    bus.join(member, presence.choiceOf(userId, account));
    try {
      const [roster, devices, mailboxCount, self] = await Promise.all([
        entries.all(userId),
        store.devices.ofUser(userId),
        store.mailbox.count(deviceId),
        store.accounts.byId(userId),
      ]);
      if (!connection.open) throw new ProtocolError("unavailable", "The connection is closed.");
      presence.joined(member);
      if (session.changed) await accounts.devicesChanged(userId, deviceId);
      const { userName, displayName } = self ?? account;
      const { show, statusText } = presence.choiceOf(userId, account);
      return {
        profile: { userId, userName, displayName },
        deviceId,
        sessionToken,
        devices: devices.map(({ deviceId, name, publicKey }) => ({ deviceId, name, publicKey })),
        show,
        statusText,
        roster,
        mailboxCount,
        server: serverInfo(config, clock.now()),
      };
    } catch (error) {
      connection.member = undefined;
      presence.left(member);
      throw error;
    }
  }
}

function sessionEnded(): ProtocolError {
  return new ProtocolError("session-ended", "The session has ended; sign in again.");
}
