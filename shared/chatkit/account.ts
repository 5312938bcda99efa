import {
  ProtocolError,
  type ConversationId,
  type DeviceId,
  type SignedIn,
  type TransportAddress,
  type UserId,
} from "../protocol/index.ts";
import { decodeBase64, identityKeysOf, KEY_BYTES, type IdentityKeys } from "../crypto/index.ts";
import {
  ChatKitError,
  type ConnectionState,
  type Conversation,
  type Message,
  type Notice,
} from "./api.ts";
import { AccountSignIn } from "./connection/account-sign-in.ts";
import { AddressWatch } from "./connection/address-watch.ts";
import { Connection } from "./connection/connection.ts";
import { parseServerAddress } from "./connection/server-address.ts";
import { ConversationBook } from "./conversations/conversation-book.ts";
import { GroupPreparation } from "./conversations/group-preparation.ts";
import { Delivery } from "./delivery/delivery.ts";
import { Journal } from "./delivery/journal.ts";
import type { Emitter } from "./emitter.ts";
import { accountName, deletionOf } from "./erase.ts";
import { FileEngine } from "./files/file-engine.ts";
import { FileError, type FileVault } from "./files/file-vault.ts";
import { AccountGroups } from "./groups/account-groups.ts";
import { CLOCK_TOLERANCE_MS } from "./limits.ts";
import type { LinkPeer } from "./link.ts";
import { IceServerBook } from "./links/ice-server-book.ts";
import { LinkManager } from "./links/link-manager.ts";
import { CombinedSignalling, ServerSignalling } from "./links/signalling.ts";
import { AccountHistory } from "./history/account-history.ts";
import { WatchedStore } from "./history/watched-store.ts";
import { LanSignalling } from "./nearby/lan-signalling.ts";
import { Nearby } from "./nearby/nearby.ts";
import { Examiner } from "./network/examiner.ts";
import { Surveyor } from "./network/survey.ts";
import type { Host, Ports } from "./ports.ts";
import { RosterBook } from "./roster/roster-book.ts";
import { AddressHiding } from "./routes/address-hiding.ts";
import { RouteAnnouncer } from "./routes/route-announcer.ts";
import { RouteBook } from "./routes/route-book.ts";
import { GroupBook } from "./sealing/group-book.ts";
import { PrivacyBook } from "./privacy/privacy-book.ts";
import { SecretValues } from "./sealing/secret-values.ts";
import { StoreError, type MessageRecord, type Store, type StoreWrite } from "./store.ts";
import { ownDevices } from "./trust/device-calls.ts";
import { deviceIdOfKey } from "./trust/device-id.ts";
import { Newcomers } from "./trust/newcomers.ts";
import { SafetyNumbers } from "./trust/safety-numbers.ts";
import { TrustBook } from "./trust/trust-book.ts";

const DEVICE_SECRET = "device/secret";
/** There while this device may come back without the password. */
const SESSION = "session/open";

interface AccountOptions {
  readonly server: string;
  readonly userName: string;
  readonly host: Host;
  readonly ports: Ports;
  readonly emitter: Emitter;
}

/** One account while it is open: its store and everything that works on it. */
export class Account implements AsyncDisposable {
  readonly trust: TrustBook;
  readonly safety: SafetyNumbers;
  readonly roster: RosterBook;
  readonly book: ConversationBook;
  readonly connection: Connection;
  readonly signIn: AccountSignIn;
  readonly nearby: Nearby;
  readonly links: LinkManager;
  readonly routes: RouteBook;
  readonly examiner: Examiner;
  /** The conversations' MLS groups. */
  readonly groups: GroupBook;
  /** Groups of people. */
  readonly people: AccountGroups;
  readonly prepared: GroupPreparation;
  readonly privacy: PrivacyBook;
  readonly delivery: Delivery;
  readonly history: AccountHistory;
  /** Absent where the host keeps no files. */
  readonly files: FileEngine | undefined;
  readonly #store: Store;
  readonly #journal: Journal;
  readonly #options: AccountOptions;
  #hasSession = false;
  /** Made of the password that is being signed in with. */
  #passwordKey: IdentityKeys | undefined;
  readonly #deviceId: DeviceId;
  #listed: Promise<void> = Promise.resolve();
  #lastDevices = "";
  readonly #newcomers: Newcomers;
  readonly #addresses: AddressWatch;
  readonly #announcer: RouteAnnouncer;
  readonly #hiding: AddressHiding;
  readonly #ice: IceServerBook;
  readonly #forgeriesTold = new Set<UserId>();
  #wantedScheduled = false;
  #clockTold = false;
  #lastState: ConnectionState["state"] = "idle";
  #toldOfCertificate = false;
  #closed = false;

  /** @throws StoreError; ChatKitError invalid-server */
  static async open(options: AccountOptions): Promise<Account> {
    const name = accountName(options.server, options.userName);
    const store = new WatchedStore(await options.ports.stores.open(name));
    try {
      const { keyProtector, random } = options.ports;
      const secrets = await SecretValues.open({ store, random, keyProtector });
      const identity = await identityOf(store, secrets, options.ports);
      const vault = await openVault(options.ports, name);
      const account = new Account(options, store, identity, secrets, vault);
      await account.#start();
      return account;
    } catch (error) {
      await store[Symbol.asyncDispose]();
      throw error;
    }
  }

  private constructor(
    options: AccountOptions,
    store: WatchedStore,
    identity: IdentityKeys,
    secrets: SecretValues,
    vault: FileVault | undefined,
  ) {
    const { emitter, ports, server } = options;
    const { clock, log, random } = ports;
    this.#options = options;
    this.#deviceId = deviceIdOfKey(identity.publicKey);
    this.#store = store;
    this.#journal = new Journal(store, clock, (error) => this.#storeFailed(error));
    this.connection = new Connection({
      url: parseServerAddress(server).webSocketUrl,
      ports,
      hello: (challenge) => this.signIn.hello(challenge),
      check: (session, by) => this.#check(session, by),
      onProtocolError: (error) =>
        this.#notice({ kind: "protocol-error", detail: error.message, error }),
      onWrongCertificate: (error) => this.#wrongCertificate(error),
    });
    this.trust = new TrustBook({
      identity,
      connection: this.connection,
      clock,
      random,
      log,
      self: () => this.roster.account?.profile.userId,
      nameOf: (userId) => this.people.nameOf(userId),
      deviceName: (id) => this.roster.ownRows().find(({ deviceId }) => deviceId === id)?.name,
      isKept: (userId) =>
        this.roster.get(userId) !== undefined || this.people.book.people.has(userId),
      save: (writes) => this.#save(writes),
      beforeListed: () => this.groups.publishKeyPackages(),
      onKeys: (userId, keys) => this.roster.learn(userId, keys),
      onLeft: (keys) => this.people.book.devicesLeft(keys),
      onChanged: () => this.#rosterChanged(),
      onSafety: (userId) => this.safety.tell(userId),
      notice: (notice) => this.#notice(notice),
    });
    this.#newcomers = new Newcomers(this.trust, clock);
    this.signIn = new AccountSignIn({
      identity,
      host: options.host,
      ports,
      connection: this.connection,
      trust: this.trust,
      userName: options.userName,
      onPasswordKeys: (keys) => {
        this.#passwordKey = keys;
      },
    });
    this.safety = new SafetyNumbers({
      trust: this.trust,
      self: () => this.roster.self.userId,
      clock,
      onSafety: (safety) => emitter.emit("safety", safety),
    });
    this.roster = new RosterBook(
      {
        onEntry: (entry) => emitter.emit("roster", entry),
        onRemoved: (userId) => emitter.emit("rosterRemoved", userId),
        onSelf: (self) => emitter.emit("self", self),
        onChanged: () => this.#rosterChanged(),
        save: (writes) => this.#save(writes),
      },
      this.trust,
    );
    this.book = new ConversationBook(() => this.roster.self.userId);
    this.prepared = new GroupPreparation({
      isOnline: () => this.connection.state.state === "online",
      recipients: (peer) => {
        const devices = this.roster.devicesOf(peer);
        return devices.length === 0 ? [] : [...devices, ...this.roster.ownOthers()];
      },
      conversationWith: (peer) => this.book.idWith(peer),
      prepare: (request) => this.groups.prepare(request),
    });
    this.people = new AccountGroups({
      server: parseServerAddress(server).origin,
      secrets,
      clock,
      random,
      log,
      connection: this.connection,
      identity,
      trust: this.trust,
      roster: () => this.roster,
      commit: (writes) => this.commit(writes),
      save: (writes) => this.#save(writes),
      onNews: (news) => this.delivery.takeNews(news),
      onMembers: (conversationId, { left }) => {
        if (left) this.groups.somebodyLeft(conversationId);
        this.delivery.groupChanged();
        this.files?.directoryChanged();
      },
      onGroup: (group) => {
        emitter.emit("group", group);
        this.conversationChanged(group.conversationId);
      },
      onNotice: (notice) => this.#notice(notice),
      greet: (conversationId, people) => this.delivery.greet(conversationId, people),
      conversation: (conversationId) => {
        this.book.ensureGroup(conversationId);
        return this.conversation(conversationId);
      },
    });
    this.groups = new GroupBook({
      store,
      journal: this.#journal,
      secrets,
      clock,
      random,
      log,
      connection: this.connection,
      keys: identity,
      self: () => this.roster.account?.profile.userId,
      directory: this.trust,
      groups: this.people.members,
      suite: options.host.mlsSuite,
      onNotice: (notice) => this.#notice(notice),
    });
    // The roster comes first: links and delivery read it when the same session is told to them.
    this.connection.onSession((session) => this.roster.session(session));
    this.connection.onEvent("roster.changed", ({ entry }) => this.roster.entryChanged(entry));
    this.connection.onEvent("roster.removed", ({ userId }) => this.roster.removed(userId));
    this.connection.onEvent("presence.changed", ({ userId, presence }) =>
      this.roster.presenceChanged(userId, presence),
    );
    this.connection.onEvent("self.changed", (change) => this.roster.changeSelf(change));
    this.routes = new RouteBook({
      clock,
      self: () => this.roster.account?.profile.userId,
      isBuddy: (userId) => this.roster.isBuddy(userId),
      hidesAddresses: (userId) => this.roster.get(userId)?.hideAddresses ?? false,
      permits: (userId, deviceId) => this.roster.permits(userId, deviceId),
      commit: (writes) => this.commit(writes),
      save: (writes) => this.#save(writes),
      onChanged: (userId, own) => this.#routesChanged(userId, own),
    });
    this.nearby = new Nearby({
      ports,
      identity,
      self: () => this.#presentDevice(),
      peers: {
        // A word on the network tells the address that a policy may hide.
        permits: (userId, deviceId) =>
          this.roster.permits(userId, deviceId) && this.routes.rule({ userId, deviceId }).direct,
        publicKeyOf: (peer) => this.roster.publicKeyOf(peer),
      },
      ownerOf: (device) => this.roster.device(device)?.userId,
    });
    const signalling = new CombinedSignalling(
      new ServerSignalling(this.connection),
      new LanSignalling(this.nearby),
    );
    this.#announcer = new RouteAnnouncer({
      book: this.routes,
      identity,
      signalling,
      peers: this.roster,
      self: () => (this.roster.account === undefined ? undefined : this.roster.self),
      clock,
      random,
      log,
      onForged: ({ userId }) => this.#forged(userId),
    });
    this.#hiding = new AddressHiding({
      book: this.routes,
      connection: this.connection,
      entry: (userId) => this.roster.get(userId),
      onEntry: (entry) => this.roster.answered(entry),
      clock,
      log,
    });
    const { host } = parseServerAddress(server);
    // Links that begin with a session begin with its servers.
    this.#ice = new IceServerBook({ connection: this.connection, ports, host });
    this.links = new LinkManager({
      connection: this.connection,
      signalling,
      iceServers: () => this.#ice.servers,
      ports,
      policy: {
        permits: (userId, deviceId) => this.roster.permits(userId, deviceId),
        publicKeyOf: (peer) => this.roster.publicKeyOf(peer),
        rule: (peer) => this.routes.rule(peer),
      },
      identity,
      onForged: ({ userId }) => this.#forged(userId),
      onForbidden: (peer) => this.#announcer.remind(peer),
      deviceId: () => this.roster.account?.deviceId,
      isNear: (device) => this.nearby.has(device),
    });
    this.nearby.onNear((peer) => {
      this.links.nearChanged(peer);
      this.#lookAtWanted();
    });
    const surveyor = new Surveyor({
      connection: this.connection,
      ports,
      iceServers: () => this.#ice.servers,
      multicast: () => this.nearby.state,
    });
    this.examiner = new Examiner({
      ports,
      identity,
      deviceId: () => this.roster.account?.deviceId,
      connection: this.connection,
      directory: this.roster,
      links: this.links,
      routes: this.routes,
      surveyor,
      onUnderWay: () => this.#lookAtWanted(),
    });
    this.privacy = new PrivacyBook((writes) => this.commit(writes));
    this.delivery = new Delivery({
      store,
      journal: this.#journal,
      clock,
      random,
      log,
      connection: this.connection,
      links: this.links,
      directory: this.roster,
      groups: this.people.book,
      sealing: this.groups,
      identity,
      book: this.book,
      privacy: () => this.privacy.current,
      isVisible: () => this.roster.account?.show !== "offline",
      handlers: {
        onMessage: (message) => {
          emitter.emit("message", toMessage(message));
          this.files?.arrived(message);
        },
        onMessageChanged: (message) => {
          emitter.emit("messageChanged", toMessage(message));
          this.files?.changed(message);
        },
        onStoredChunk: async (chunk) => (await this.files?.storedChunk(chunk)) ?? "done",
        onConversationChanged: (id) => this.conversationChanged(id),
        onTyping: (typing) => emitter.emit("typing", typing),
        onUnreadable: (detail, error) =>
          this.#notice({ kind: "unreadable-message", detail, error }),
        onStoreFailed: (error) => this.#storeFailed(error),
        onViolation: (detail) => this.#notice({ kind: "protocol-error", detail }),
      },
    });
    if (vault !== undefined) {
      this.files = new FileEngine({
        ports,
        vault,
        store,
        commit: (writes) => this.commit(writes),
        identity,
        links: this.links,
        directory: this.roster,
        serverOnline: () => this.connection.state.state === "online",
        othersIn: (conversationId) => {
          const record = this.book.get(conversationId)?.record;
          return record && this.delivery.audience.others(record);
        },
        isIn: (conversationId, userId) => {
          const record = this.book.get(conversationId)?.record;
          return record !== undefined && this.delivery.audience.people(record).includes(userId);
        },
        sendMessage: async (conversationId, body) => {
          await this.lookFor(conversationId);
          return await this.delivery.send(conversationId, body);
        },
        find: (messageId) => this.delivery.find(messageId),
        storeChunk: (...put) => this.delivery.storeChunk(...put),
        fetchMail: () => this.delivery.fetchMail(),
        onTransfer: (transfer) => emitter.emit("transfer", transfer),
        onProblem: (error) => {
          if (error instanceof StoreError) this.#storeFailed(error);
          else log.error("files failed", { error });
        },
      });
    }
    this.history = new AccountHistory({
      store,
      clock,
      log,
      book: this.book,
      self: () => {
        const profile = this.roster.account?.profile;
        if (profile === undefined) throw new ChatKitError("not-open", "Nobody has signed in yet.");
        return { userId: profile.userId, name: profile.displayName };
      },
      titleOf: (conversationId) => this.conversation(conversationId)?.title ?? "",
      now: () => clock.now(),
      live: (message) => this.delivery.live(message),
      commit: (writes) => this.commit(writes),
      exclusive: (work) => this.delivery.exclusive(work),
      hide: (id) => this.delivery.hide(id),
      deleteFile: async (id) => await this.files?.forget(id),
      onMerged: (conversationId) => {
        emitter.emit("historyMerged", { conversationId });
        this.conversationChanged(conversationId);
      },
      onRemoved: (conversationId, ids) => emitter.emit("messagesRemoved", { conversationId, ids }),
      onConversationChanged: (id) => this.conversationChanged(id),
    });
    this.connection.onSession((session) => this.#sessionBegan(session));
    this.connection.onState((state) => {
      if (state.state === "signed-out") this.#saveSession(false);
      if (state.state === "online") this.prepared.look();
      this.files?.directoryChanged();
      // Closing what is signed out already is no news.
      const isNews = state.state !== "idle" || this.#lastState !== "signed-out";
      this.#lastState = state.state;
      if (isNews) emitter.emit("connection", state);
      this.#tellDevices();
      this.#lookAtWanted();
    });
    this.links.onStatus((status) => emitter.emit("link", status));
    this.#addresses = new AddressWatch({
      clock,
      addresses: () => ports.localAddresses(),
      onChange: (addresses) => this.#networkChanged(addresses),
    });
  }

  async #start(): Promise<void> {
    const store = this.#store;
    this.#hasSession = (await store.value(SESSION)) !== undefined;
    await this.trust.load(store);
    await this.roster.load(store);
    await this.routes.load(store);
    await this.book.load(store);
    await this.privacy.load(store);
    await this.people.load(store);
    await this.delivery.start();
    await this.files?.start();
    this.history.start();
    this.nearby.look();
  }

  /** Whether this device may come back without the password, as far as it knows. */
  get hasSession(): boolean {
    return this.roster.account !== undefined && this.#hasSession;
  }

  /**
   * Resolves once this device is in its account's list, as far as it can be: a sign-in is finished
   * only then. @throws ChatKitError, ProtocolError
   */
  get listed(): Promise<void> {
    return this.#listed;
  }

  /** This device vouches for nobody any more, and gets nothing; where the server cannot be told, later. */
  async leaveList(): Promise<void> {
    try {
      await this.trust.remove(this.roster.self.deviceId);
    } catch (error) {
      this.#options.ports.log.warn("this device is still in its account's list", { error });
    }
  }

  /**
   * Resolves once it is known who would get a message there now, as far as it can be. Of those who are
   * no buddies the server shows no devices: their lists tell by themselves when they change, and are
   * waited for where they are being read for the first time.
   */
  async lookFor(conversationId: ConversationId): Promise<void> {
    const record = this.book.get(conversationId)?.record;
    if (record === undefined || this.connection.state.state !== "online") return;
    const { userId } = this.roster.self;
    await this.people.lookFor(conversationId);
    const shown = this.delivery.audience.people(record).flatMap((person) => {
      const entry = this.roster.get(person);
      return entry?.state === "buddies" ? [{ userId: person, devices: entry.devices }] : [];
    });
    if (shown.length === 0) return;
    await this.#newcomers.look([...shown, { userId, devices: this.roster.ownRows() }]);
  }

  /** @throws StoreError */
  async commit(writes: readonly StoreWrite[]): Promise<void> {
    await this.#journal.commit(writes);
  }

  conversation(conversationId: ConversationId): Conversation | undefined {
    const entry = this.book.get(conversationId);
    if (entry === undefined) return undefined;
    const { peer, unread, last, settings = {} } = entry.record;
    const delivery = last?.own === true ? entry.last?.delivery : undefined;
    return {
      conversationId,
      ...(peer === undefined ? {} : { peer }),
      title:
        peer === undefined
          ? (this.people.titleOf(conversationId) ?? entry.record.title ?? "")
          : this.roster.nameOf(peer),
      unread,
      settings,
      ...(last === undefined
        ? {}
        : {
            last: {
              id: last.id,
              body: last.body,
              own: last.own,
              sentAt: last.sentAt,
              ...(last.from === undefined ? {} : { from: last.from.userId }),
              ...(delivery === undefined ? {} : { delivery }),
            },
          }),
    };
  }

  /** Ends everything; the session can be taken up again. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#addresses.close();
    this.history.close();
    await this.files?.close();
    await this.delivery.close();
    this.groups.close();
    this.people.close();
    this.examiner.close();
    this.links.close();
    this.#announcer.close();
    this.#hiding.close();
    this.#ice.close();
    this.trust.close();
    this.safety.close();
    await this.connection.close();
    this.nearby.close();
    await this.#journal.idle();
    await this.#store[Symbol.asyncDispose]();
  }

  /** Deletes what this device knows and is: history, keys, session. @throws StoreError */
  async forget(): Promise<void> {
    await this.files?.close();
    await this.files?.forgetAll();
    await this.delivery.close();
    this.groups.close();
    this.people.close();
    // What the groups have changed is saved first, or it would follow what is deleted here.
    await this.#journal.commit([]);
    await this.#journal.commit(await deletionOf(this.#store));
  }

  #networkChanged(local: readonly TransportAddress[]): void {
    const { log } = this.#options.ports;
    log.info("this host has other addresses");
    this.links.networkChanged();
    this.connection.networkChanged();
    if (this.connection.state.state !== "online") return;
    // A session that has to begin anew tells them by itself.
    this.connection.request("endpoint.update", { local: [...local] }).catch((error: unknown) => {
      log.debug("the server was not told of other addresses", { error });
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * Who comes back is the device and the account that it was: another account's devices would be
   * taken for one's own, and sent to. Only a password may lead to another account, whose device list
   * begins with it (SPEC I12).
   */
  #check({ deviceId, profile }: SignedIn, by: "key" | "person"): void {
    const known = by === "key" ? this.roster.account?.profile.userId : undefined;
    const isSame = known === undefined || profile.userId === known;
    if (isSame && deviceId === this.#deviceId) return;
    const detail = "The server took this device for another; it was not believed.";
    this.#notice({ kind: "server-untrusted", detail });
    throw new ProtocolError("internal", detail);
  }

  #sessionBegan(session: SignedIn): void {
    this.#forgeriesTold.clear();
    const passwordKey = this.#passwordKey;
    // A device comes back without the password only to a list that was in order once: until then the
    // server could have made it up.
    const listed = this.trust.signedIn(session, passwordKey).then(() => {
      if (this.connection.state.state !== "signed-out") this.#saveSession(true);
    });
    listed
      .catch((error: unknown) => {
        this.#options.ports.log.warn("the own device list is not in order", { error });
      })
      .finally(() => passwordKey?.secretKey.fill(0));
    // A device that came back can go on as it was; the next session tries again.
    this.#listed = this.#passwordKey === undefined ? Promise.resolve() : listed;
    this.#passwordKey = undefined;
    this.groups.sessionBegan(listed.catch(() => undefined));
    this.people.sessionBegan();
    this.#hiding.sessionBegan();
    this.delivery.sessionBegan();
    const differs = Math.abs(session.server.now - this.#options.ports.clock.now());
    if (differs > CLOCK_TOLERANCE_MS && !this.#clockTold) {
      const minutes = Math.round(differs / 60_000);
      this.#notice({
        kind: "clock-differs",
        detail: `This computer's clock and the server's differ by ${minutes} minutes.`,
      });
    }
    this.#clockTold = differs > CLOCK_TOLERANCE_MS;
  }

  #saveSession(isOpen: boolean): void {
    if (isOpen === this.#hasSession) return;
    this.#hasSession = isOpen;
    this.nearby.look();
    this.#save([
      isOpen
        ? { type: "put-value", key: SESSION, value: "yes" }
        : { type: "delete-value", key: SESSION },
    ]);
  }

  #save(writes: readonly StoreWrite[]): void {
    this.#journal.commit(writes).catch((error: unknown) => this.#storeFailed(error));
  }

  /** Once in a session for each person. */
  #forged(userId: UserId): void {
    if (this.#forgeriesTold.has(userId)) return;
    this.#forgeriesTold.add(userId);
    const name = this.roster.nameOf(userId);
    this.#notice({
      kind: "server-untrusted",
      detail: `What the server handed on to connect with ${name} was not signed by them.`,
    });
  }

  #tellDevices(): void {
    const devices = ownDevices(this);
    const text = JSON.stringify(devices);
    if (text === this.#lastDevices || devices.length === 0) return;
    this.#lastDevices = text;
    this.#options.emitter.emit("devices", devices);
  }

  #rosterChanged(): void {
    this.delivery.directoryChanged();
    this.files?.directoryChanged();
    if (!this.#closed) this.prepared.look();
    this.nearby.look();
    this.#tellDevices();
    this.#lookAtWanted();
  }

  #lookAtWanted(): void {
    if (this.#wantedScheduled) return;
    this.#wantedScheduled = true;
    // The changes of one tick, and a whole roster, make one list.
    queueMicrotask(() => {
      this.#wantedScheduled = false;
      if (this.#closed) return;
      const isOnline = this.connection.state.state === "online";
      const near = this.nearby.peers();
      // Without the server those count who were online last: what is open stays open.
      const known = this.#wanted();
      const all = isOnline ? [...known, ...near] : [...near, ...known];
      const wanted = [...new Map(all.map((peer) => [peer.deviceId, peer])).values()];
      this.links.setWanted(wanted);
      this.#announcer.present(wanted);
      if (isOnline) this.#hiding.look();
    });
  }

  /** This device where others on the network may see it: whoever appears offline is not there. */
  #presentDevice(): DeviceId | undefined {
    const self = this.roster.account;
    return this.#hasSession && self?.show !== "offline" ? self?.deviceId : undefined;
  }

  /** The others hear of it before they see what it ends. */
  #routesChanged(userId: UserId, own: boolean): void {
    if (own) this.#announcer.changed(userId);
    this.nearby.look();
    this.links.routesChanged(userId);
    this.delivery.routesChanged(userId);
    this.files?.directoryChanged();
    this.#lookAtWanted();
    if (own) this.#hiding.look();
    this.#options.emitter.emit("route", this.routes.of(userId));
  }

  /** Online devices of buddies, those talked to last first, and one's own others. */
  #wanted(): readonly LinkPeer[] {
    const own = this.roster.ownOthers().filter(({ deviceId }) => this.roster.isOnline(deviceId));
    const talked = new Map<UserId, string>();
    for (const { record } of this.book.list()) {
      if (record.peer !== undefined) talked.set(record.peer, record.last?.order ?? "");
    }
    const buddies = this.roster
      .entries()
      .filter(({ state, profile }) => state === "buddies" && this.#showsItselfTo(profile.userId))
      .map(({ profile, presence }) => ({
        order: talked.get(profile.userId) ?? "",
        peers: presence.endpoints.map(({ deviceId }) => ({ userId: profile.userId, deviceId })),
      }))
      .toSorted((a, b) => (a.order === b.order ? 0 : a.order < b.order ? 1 : -1));
    // A device may be seen online a moment before the roster knows it.
    return [...own, ...buddies.flatMap(({ peers }) => peers)].filter(({ userId, deviceId }) =>
      this.roster.permits(userId, deviceId),
    );
  }

  /**
   * An offer, or a policy told, says that somebody is there. Who appears offline begins none, except
   * with those whom they examine, or for whom they chose that messages take direct links alone.
   */
  #showsItselfTo(userId: UserId): boolean {
    if (this.roster.account?.show !== "offline" || this.examiner.examines(userId)) return true;
    const own = this.routes.own(userId)?.policy;
    return own === "direct-only" || own === "lan-only";
  }

  /** Tells the host. */
  conversationChanged(conversationId: ConversationId): void {
    const conversation = this.conversation(conversationId);
    if (conversation !== undefined) this.#options.emitter.emit("conversation", conversation);
  }

  #storeFailed(error: unknown): void {
    this.#notice({
      kind: "store-failed",
      detail: "The message store failed; the engine tries again.",
      ...(error instanceof Error ? { error } : {}),
    });
  }

  /** Told once: it is tried again with growing pauses, and would be told each time. */
  #wrongCertificate(error: Error): void {
    if (this.#toldOfCertificate) return;
    this.#toldOfCertificate = true;
    this.#notice({ kind: "server-untrusted", detail: error.message, error });
  }

  #notice(notice: Notice): void {
    this.#options.ports.log.warn(notice.detail, { kind: notice.kind, error: notice.error });
    this.#options.emitter.emit("notice", notice);
  }
}

/** Without a vault that can be opened everything but files works. */
async function openVault({ files, log }: Ports, name: string): Promise<FileVault | undefined> {
  try {
    return await files?.open(name);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    log.error("files cannot be kept", { error });
    return undefined;
  }
}

/**
 * This device's keys, made at the first opening. They sign in, so they are kept as a secret; a seed
 * that an older version kept as it is becomes one.
 * @throws StoreError
 */
async function identityOf(
  store: Store,
  secrets: SecretValues,
  { random }: Ports,
): Promise<IdentityKeys> {
  const saved = await store.value(DEVICE_SECRET);
  const opened = saved === undefined ? undefined : secrets.open(DEVICE_SECRET, saved);
  if (opened !== undefined) return identityKeysOf(opened);
  const secretKey = saved === undefined ? random.bytes(KEY_BYTES) : plainSeed(saved);
  const value = secrets.seal(DEVICE_SECRET, secretKey);
  await store.commit([{ type: "put-value", key: DEVICE_SECRET, value }]);
  return identityKeysOf(secretKey);
}

/** @throws StoreError damaged */
function plainSeed(saved: string): Uint8Array {
  try {
    const seed = decodeBase64(saved);
    if (seed.length === KEY_BYTES) return seed;
  } catch {
    // Told below, like any other text that is no seed.
  }
  throw new StoreError("damaged", "The device's key in the store cannot be read.");
}

/** A stored message as hosts see it. */
export function toMessage(stored: MessageRecord): Message {
  const { edited, reactions = [], pin, trail: _, ...record } = stored;
  return {
    ...record,
    from: record.from.userId,
    ...(edited === undefined ? {} : { editedAt: edited.at }),
    ...(pin?.pinned === true ? { pinnedAt: pin.at } : {}),
    reactions: reactions.flatMap(({ userId, emoji }) =>
      emoji === undefined ? [] : [{ userId, emoji }],
    ),
  };
}
