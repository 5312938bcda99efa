import { canonicalUserName, closeCodes, ProtocolError } from "../../shared/protocol/index.ts";
import type { DeviceHello, DeviceId, Params, SignedIn } from "../../shared/protocol/index.ts";
import type { Bus } from "../bus/bus.ts";
import type { Clock } from "../clock.ts";
import type { Connection } from "../connection/connection.ts";
import { Member } from "../connection/member.ts";
import type { IceOffer } from "../ice/ice-offer.ts";
import type { Metrics, WayIn } from "../metrics.ts";
import type { RendezvousConfig } from "../rendezvous-config.ts";
import { deviceIdOf, type DeviceProofs } from "../sign-in/device-proof.ts";
import type { SignInThrottle } from "../sign-in/sign-in-throttle.ts";
import type { Account, Store } from "../store/store.ts";
import type { AccountService } from "./account-service.ts";
import type { BuddyLists } from "./buddy-lists.ts";
import { ownDevice } from "./own-device.ts";
import type { PresenceService } from "./presence-service.ts";
import type { RosterEntries } from "./roster-entries.ts";
import { serverInfo } from "./server-info.ts";

/** A session's end is moved, and a device's last sign-in written, no more often than this. */
const RENEW_MS = 60 * 60 * 1000;

export interface SessionServiceOptions {
  readonly store: Store;
  readonly bus: Bus;
  readonly buddies: BuddyLists;
  readonly entries: RosterEntries;
  readonly presence: PresenceService;
  readonly accounts: AccountService;
  readonly proofs: DeviceProofs;
  readonly throttle: SignInThrottle;
  readonly config: RendezvousConfig;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly ice: IceOffer;
}

/** Makes connections members, brings known devices back by their keys, and ends sessions. */
export class SessionService {
  readonly #options: SessionServiceOptions;

  constructor(options: SessionServiceOptions) {
    this.#options = options;
  }

  challenge(connection: Connection): { challenge: string } {
    requireStranger(connection);
    return { challenge: this.#options.proofs.challenge(connection) };
  }

  /** Nothing that others do, wrong passwords included, keeps a known device from coming back. */
  prove(connection: Connection, { device: hello }: Params<"session.prove">): Promise<SignedIn> {
    return this.once(connection, "key", async () => {
      const { store, clock, config, proofs } = this.#options;
      const now = clock.now();
      const device = await store.devices.get(deviceIdOf(Buffer.from(hello.publicKey, "base64")));
      // To a key that is nobody's the answer is no, whatever it proves.
      proofs.check(connection, hello, { known: true });
      if (device?.sessionEnds === undefined || device.sessionEnds <= now) throw sessionEnded();
      const { userId, deviceId } = device;
      const account = await store.accounts.byId(userId);
      if (account === undefined || account.disabled) throw sessionEnded();
      if (now - device.lastSeen > RENEW_MS) {
        const sessionEnds = now + config.sessionTtlMs;
        await store.devices.extend(deviceId, { now, sessionEnds });
      }
      return this.join(connection, account, hello, { deviceId, isNew: false });
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
    const device = await store.devices.get(member.deviceId);
    if (device?.sessionEnds === undefined || device.userId !== member.userId) {
      member.end(closeCodes.sessionEnded);
      return false;
    }
    const now = clock.now();
    if (now - device.lastSeen > RENEW_MS) {
      const sessionEnds = now + config.sessionTtlMs;
      await store.devices.extend(device.deviceId, { now, sessionEnds });
    }
    return true;
  }

  async signOut(member: Member, { forgetDevice }: Params<"session.signOut">): Promise<{}> {
    const { store, accounts } = this.#options;
    if (forgetDevice) {
      await store.devices.remove(member.deviceId);
      await accounts.devicesChanged(member.userId, member.deviceId);
    } else {
      await store.devices.endSession(member.deviceId);
    }
    // After the answer, which is sent when this resolves.
    setImmediate(() => member.end(closeCodes.normal));
    return {};
  }

  /** One sign-in of a connection at a time, and no second after it. */
  async once(connection: Connection, way: WayIn, work: () => Promise<SignedIn>): Promise<SignedIn> {
    requireStranger(connection);
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

  /**
   * From here on the device, whose session the store has, is online. What happens meanwhile waits
   * until it was answered.
   */
  async join(
    connection: Connection,
    account: Account,
    hello: DeviceHello,
    { deviceId, isNew }: { deviceId: DeviceId; isNew: boolean },
  ): Promise<SignedIn> {
    const { store, bus, buddies, entries, presence, accounts, throttle, config, clock, ice } =
      this.#options;
    const { userId } = account;
    // Before it joins: whoever sees it online from then on is told when it leaves.
    while (!buddies.has(userId)) await buddies.load(userId);
    if (!connection.open) {
      if (bus.user(userId) === undefined) buddies.forget(userId);
      throw new ProtocolError("unavailable", "The connection is closed.");
    }
    const { client, local } = hello;
    const member = new Member({ connection, userId, deviceId, client, local });
    connection.member = member;
    bus.join(member, presence.choiceOf(userId, account));
    try {
      const [roster, devices, mailboxCount, self, list] = await Promise.all([
        entries.all(userId),
        store.devices.ofUser(userId),
        store.mailbox.count(deviceId),
        store.accounts.byId(userId),
        store.deviceLogs.head(userId),
      ]);
      if (!connection.open) throw new ProtocolError("unavailable", "The connection is closed.");
      presence.joined(member);
      throttle.signedIn(canonicalUserName(account.userName), connection.address.address);
      if (isNew) await accounts.devicesChanged(userId, deviceId);
      const { userName, displayName } = self ?? account;
      const { show, statusText } = presence.choiceOf(userId, account);
      return {
        profile: { userId, userName, displayName },
        deviceId,
        devices: devices.map(ownDevice),
        logLength: list?.length ?? 0,
        show,
        statusText,
        roster,
        mailboxCount,
        server: serverInfo(config, clock.now()),
        ice: ice.serversFor(userId, clock.now()),
      };
    } catch (error) {
      connection.member = undefined;
      presence.left(member);
      throw error;
    }
  }
}

/** @throws ProtocolError already-signed-in */
export function requireStranger(connection: Connection): void {
  if (connection.signingIn || connection.member !== undefined) {
    throw new ProtocolError("already-signed-in", "This connection is signed in.");
  }
}

function sessionEnded(): ProtocolError {
  return new ProtocolError("session-ended", "The session has ended; sign in again.");
}
