import { ProtocolError } from "../shared/protocol/index.ts";
import type { Clock } from "./clock.ts";
import type { MemberHandlers, OpenHandlers } from "./connection/dispatcher.ts";
import type { RendezvousConfig } from "./rendezvous-config.ts";
import type { AccountService } from "./services/account-service.ts";
import type { MailboxService } from "./services/mailbox-service.ts";
import type { PresenceService } from "./services/presence-service.ts";
import type { RelayService } from "./services/relay-service.ts";
import type { RosterService } from "./services/roster-service.ts";
import { serverInfo } from "./services/server-info.ts";
import type { SessionService } from "./services/session-service.ts";
import type { SignallingService } from "./services/signalling-service.ts";

export interface Services {
  readonly accounts: AccountService;
  readonly mailbox: MailboxService;
  readonly presence: PresenceService;
  readonly relay: RelayService;
  readonly roster: RosterService;
  readonly sessions: SessionService;
  readonly signalling: SignallingService;
}

export function openHandlers(
  { sessions }: Services,
  config: RendezvousConfig,
  clock: Clock,
): OpenHandlers {
  return {
    "server.info": () => serverInfo(config, clock.now()),
    "account.register": (connection, params) => sessions.register(connection, params),
    "session.signIn": (connection, params) => sessions.signIn(connection, params),
    "session.resume": (connection, params) => sessions.resume(connection, params),
    "account.registerStart": notYet,
    "account.registerFinish": notYet,
    "session.signInStart": notYet,
    "session.signInFinish": notYet,
    "session.challenge": notYet,
    "session.prove": notYet,
  };
}

export function memberHandlers(services: Services): MemberHandlers {
  const { accounts, mailbox, presence, relay, roster, sessions, signalling } = services;
  return {
    "session.signOut": (member, params) => sessions.signOut(member, params),
    "session.ping": (member) => sessions.ping(member),
    "account.changePassword": (member, params) => accounts.changePassword(member, params),
    "account.setProfile": (member, params) => accounts.setProfile(member, params),
    "device.remove": (member, params) => accounts.removeDevice(member, params),
    "roster.get": (member) => roster.get(member),
    "roster.add": (member, params) => roster.add(member, params),
    "roster.accept": (member, params) => roster.accept(member, params),
    "roster.decline": (member, params) => roster.decline(member, params),
    "roster.remove": (member, params) => roster.remove(member, params),
    "roster.block": (member, params) => roster.block(member, params),
    "roster.unblock": (member, params) => roster.unblock(member, params),
    "roster.update": (member, params) => roster.update(member, params),
    "presence.set": (member, params) => accounts.setPresence(member, params),
    "endpoint.update": (member, params) => presence.moved(member, params),
    "signal.send": (member, params) => signalling.send(member, params),
    "relay.open": (member, params) => relay.open(member, params),
    "relay.close": (member, params) => relay.close(member, params),
    "account.passwordStart": notYet,
    "account.passwordFinish": notYet,
    "device.rename": notYet,
    "devices.append": notYet,
    "devices.log": notYet,
    "keyPackages.publish": notYet,
    "keyPackages.take": notYet,
    "group.create": notYet,
    "group.get": notYet,
    "group.commit": notYet,
    "group.list": notYet,
    "mailbox.put": (member, params) => mailbox.put(member, params),
    "mailbox.fetch": (member, params) => mailbox.fetch(member, params),
    "mailbox.acknowledge": (member, params) => mailbox.acknowledge(member, params),
  };
}

/** The services behind these come with the next commits. */
function notYet(): never {
  throw new ProtocolError("unavailable", "This server cannot do that yet.");
}
