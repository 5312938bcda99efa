import type { Clock } from "./clock.ts";
import type { MemberHandlers, OpenHandlers } from "./connection/dispatcher.ts";
import type { IceOffer } from "./ice/ice-offer.ts";
import type { RendezvousConfig } from "./rendezvous-config.ts";
import type { AccountService } from "./services/account-service.ts";
import type { ConversationService } from "./services/conversation-service.ts";
import type { DeviceListService } from "./services/device-list-service.ts";
import type { GroupService } from "./services/group-service.ts";
import type { KeyPackageService } from "./services/key-package-service.ts";
import type { MailboxService } from "./services/mailbox-service.ts";
import type { MembershipService } from "./services/membership-service.ts";
import type { PasswordService } from "./services/password-service.ts";
import type { PresenceService } from "./services/presence-service.ts";
import type { RelayService } from "./services/relay-service.ts";
import type { RosterService } from "./services/roster-service.ts";
import { serverInfo } from "./services/server-info.ts";
import type { SessionService } from "./services/session-service.ts";
import type { SignInService } from "./services/sign-in-service.ts";
import type { SignallingService } from "./services/signalling-service.ts";

export interface Services {
  readonly accounts: AccountService;
  readonly conversations: ConversationService;
  readonly deviceLists: DeviceListService;
  readonly groups: GroupService;
  readonly keyPackages: KeyPackageService;
  readonly mailbox: MailboxService;
  readonly membership: MembershipService;
  readonly passwords: PasswordService;
  readonly presence: PresenceService;
  readonly relay: RelayService;
  readonly roster: RosterService;
  readonly sessions: SessionService;
  readonly signIns: SignInService;
  readonly signalling: SignallingService;
}

export function openHandlers(
  { sessions, signIns }: Services,
  config: RendezvousConfig,
  clock: Clock,
): OpenHandlers {
  return {
    "server.info": () => serverInfo(config, clock.now()),
    "account.registerStart": (connection, params) => signIns.registerStart(connection, params),
    "account.registerFinish": (connection, params) => signIns.registerFinish(connection, params),
    "session.signInStart": (connection, params) => signIns.signInStart(connection, params),
    "session.signInFinish": (connection, params) => signIns.signInFinish(connection, params),
    "session.challenge": (connection) => sessions.challenge(connection),
    "session.prove": (connection, params) => sessions.prove(connection, params),
  };
}

export function memberHandlers(services: Services, ice: IceOffer, clock: Clock): MemberHandlers {
  const {
    accounts,
    conversations,
    deviceLists,
    groups,
    keyPackages,
    mailbox,
    membership,
    passwords,
    presence,
    relay,
    roster,
    sessions,
    signalling,
  } = services;
  return {
    "session.signOut": (member, params) => sessions.signOut(member, params),
    "session.ping": (member) => sessions.ping(member),
    "account.passwordStart": (member, params) => passwords.start(member, params),
    "account.passwordFinish": (member, params) => passwords.finish(member, params),
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
    "ice.servers": ({ userId }) => ice.serversFor(userId, clock.now()),
    "signal.send": (member, params) => signalling.send(member, params),
    "relay.open": (member, params) => relay.open(member, params),
    "relay.close": (member, params) => relay.close(member, params),
    "device.rename": (member, params) => deviceLists.rename(member, params),
    "devices.append": (member, params) => deviceLists.append(member, params),
    "devices.log": (member, params) => deviceLists.log(member, params),
    "keyPackages.publish": (member, params) => keyPackages.publish(member, params),
    "keyPackages.take": (member, params) => keyPackages.take(member, params),
    "group.create": (member, params) => groups.create(member, params),
    "group.get": (member, params) => groups.get(member, params),
    "group.commit": (member, params) => groups.commit(member, params),
    "group.list": (member, params) => groups.list(member, params),
    "conversation.found": (member, params) => membership.found(member, params),
    "conversation.append": (member, params) => membership.append(member, params),
    "conversation.join": (member, params) => membership.join(member, params),
    "conversation.log": (member, params) => conversations.log(member, params),
    "conversation.linked": (member, params) => conversations.linked(member, params),
    "conversation.list": (member, params) => conversations.list(member, params),
    "conversation.profiles": (member, params) => conversations.profiles(member, params),
    "mailbox.post": (member, params) => mailbox.post(member, params),
    "mailbox.put": (member, params) => mailbox.put(member, params),
    "mailbox.fetch": (member, params) => mailbox.fetch(member, params),
    "mailbox.acknowledge": (member, params) => mailbox.acknowledge(member, params),
  };
}
