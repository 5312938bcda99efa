import {
  decodeChannelData,
  encodeChannelData,
  errorFrame,
  eventFrame,
  methods,
  parse,
  parseRequestFrame,
  ProtocolError,
  resultFrame,
  type DeviceHello,
  type DeviceId,
  type EventName,
  type EventParams,
  type IceServers,
  type MethodName,
  type Params,
  type Result,
  type ServerInfo,
  type SignedIn,
  type UserId,
} from "../../protocol/index.ts";
import type { Clock } from "../ports.ts";
import { decodeBase64 } from "../../crypto/index.ts";
import { deviceIdOfKey } from "../trust/device-id.ts";
import { DeviceLogs } from "./device-logs.ts";
import { FakeSockets, type ServerEnd } from "./socket-pair.ts";
import { deviceIdOf, userIdOf } from "./test-ids.ts";
import { testPublicKey } from "./test-ports.ts";
import { testServerInfo } from "./test-server-info.ts";

const CHALLENGE = `${"A".repeat(43)}=`;

/** Plays one method; what it throws as ProtocolError becomes the answer. `never` answers nothing. */
type MethodScript<M extends MethodName> = (
  params: Params<M>,
  client: ScriptedClient,
) => Result<M> | "never";

/**
 * A rendezvous server that does as the contract says for sessions, signals and relay channels, and
 * as the test says for everything else. Everybody may signal to everybody.
 */
export class ScriptedServer {
  readonly sockets: FakeSockets;
  /** Devices that are connected and signed in, the newest connection of each. */
  readonly clients = new Map<DeviceId, ScriptedClient>();
  /** Every request that was understood, in order. */
  readonly requests: { readonly method: MethodName; readonly params: unknown }[] = [];
  readonly logs = new DeviceLogs();
  /** Makes a session another than it is: what a server that lies tells. */
  twist = (session: SignedIn): SignedIn => session;
  /** What sessions are told of STUN and TURN; nothing, as an older server. */
  ice: IceServers | undefined;
  /** Sessions by public key. */
  readonly #sessions = new Map<string, { readonly userId: UserId; readonly deviceId: DeviceId }>();
  readonly #scripts = new Map<string, (raw: unknown, client: ScriptedClient) => unknown>();
  readonly #clock: Clock;
  #people = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.sockets = new FakeSockets((end) => {
      this.lastEnd = end;
      new ScriptedClient(this, end).listen();
    });
    this.script("server.info", () => this.info());
    this.script("account.registerStart", () => {
      this.#people += 1;
      const userId = userIdOf(this.#people);
      return { userId, response: "AAAA", challenge: CHALLENGE };
    });
    this.script("account.registerFinish", ({ device, statement }, client) => {
      this.logs.append(userIdOf(this.#people), [statement]);
      return this.#enter(client, device, userIdOf(this.#people));
    });
    this.script("session.signInStart", () => ({ response: "AAAA", challenge: CHALLENGE }));
    this.script("session.signInFinish", ({ device }, client) => {
      const known = this.#sessions.get(device.publicKey)?.userId;
      if (known === undefined) this.#people += 1;
      return this.#enter(client, device, known ?? userIdOf(this.#people));
    });
    this.script("session.challenge", () => ({ challenge: CHALLENGE }));
    this.script("session.prove", ({ device }, client) => this.#session(client, device));
    this.script("devices.log", (params) => this.logs.log(params));
    this.script("devices.append", ({ statements }, client) => {
      this.logs.append(client.identity().userId, statements);
      return {};
    });
    this.script("keyPackages.publish", ({ packages }) => ({ kept: packages.length }));
    this.script("group.list", () => ({ groups: [], more: false }));
    this.script("session.ping", () => ({}));
    this.script("session.signOut", () => ({}));
    this.script("signal.send", ({ to, linkId, signal }, client) => {
      this.#connected(to).event("signal.received", { from: client.identity(), linkId, signal });
      return {};
    });
    this.script("relay.open", ({ to }, client) => client.openChannel(this.#connected(to)));
    this.script("relay.close", ({ channel }, client) => {
      client.closeChannel(channel);
      return {};
    });
  }

  /** The server's end of the newest connection, signed in or not. */
  lastEnd: ServerEnd | undefined;

  /** Replaces what the server does on a method. */
  script<M extends MethodName>(method: M, play: MethodScript<M>): void {
    this.#scripts.set(method, (raw, client) => {
      const params = parse(methods[method].params, raw);
      this.requests.push({ method, params });
      return play(params, client);
    });
  }

  /** A session of the device that says `testHello(n)`: user and device number `n`. */
  grant(n: number): void {
    this.#sessions.set(testPublicKey(n), { userId: userIdOf(n), deviceId: deviceIdOf(n) });
  }

  info(): ServerInfo {
    return testServerInfo("scripted", this.#clock.now());
  }

  count(method: MethodName): number {
    return this.requests.filter((request) => request.method === method).length;
  }

  /** @throws ProtocolError the answer's error */
  play(client: ScriptedClient, method: string, raw: unknown): unknown {
    const play = this.#scripts.get(method);
    if (play === undefined) throw new ProtocolError("unavailable", `${method} has no script.`);
    return play(raw, client);
  }

  #connected(device: DeviceId): ScriptedClient {
    const client = this.clients.get(device);
    if (client === undefined) throw new ProtocolError("peer-offline", "The device is offline.");
    return client;
  }

  #enter(client: ScriptedClient, hello: DeviceHello, userId: UserId): SignedIn {
    const deviceId = deviceIdOfKey(decodeBase64(hello.publicKey));
    this.#sessions.set(hello.publicKey, { userId, deviceId });
    return this.#session(client, hello);
  }

  #session(client: ScriptedClient, hello: DeviceHello): SignedIn {
    const session = this.#sessions.get(hello.publicKey);
    if (session === undefined) throw new ProtocolError("session-ended", "Sign in again.");
    client.signedIn(session);
    this.clients.set(session.deviceId, client);
    return this.twist({
      profile: { userId: session.userId, userName: "scripted", displayName: "Scripted" },
      deviceId: session.deviceId,
      devices: [
        {
          deviceId: session.deviceId,
          name: hello.name,
          publicKey: hello.publicKey,
          addedAt: 0,
          lastSeen: 0,
        },
      ],
      logLength: this.logs.statements(session.userId).length,
      show: "online",
      statusText: "",
      roster: [],
      mailboxCount: 0,
      server: this.info(),
      ...(this.ice === undefined ? {} : { ice: this.ice }),
    });
  }
}

/** One connection as the server sees it. */
export class ScriptedClient {
  readonly end: ServerEnd;
  readonly #server: ScriptedServer;
  readonly #channels = new Map<number, { readonly to: ScriptedClient; readonly channel: number }>();
  #identity: { readonly userId: UserId; readonly deviceId: DeviceId } | undefined;
  #nextChannel = 1;

  constructor(server: ScriptedServer, end: ServerEnd) {
    this.#server = server;
    this.end = end;
  }

  listen(): void {
    this.end.onText = (text) => this.#onText(text);
    this.end.onBinary = (bytes) => this.#onBinary(bytes);
    this.end.onClose = () => {
      if (this.#identity === undefined) return;
      const { deviceId } = this.#identity;
      if (this.#server.clients.get(deviceId) === this) this.#server.clients.delete(deviceId);
      for (const channel of this.#channels.keys()) this.closeChannel(channel, "peer-offline");
    };
  }

  signedIn(identity: { readonly userId: UserId; readonly deviceId: DeviceId }): void {
    this.#identity = identity;
  }

  identity(): { readonly userId: UserId; readonly deviceId: DeviceId } {
    if (this.#identity === undefined) throw new ProtocolError("not-signed-in", "Sign in first.");
    return this.#identity;
  }

  event<E extends EventName>(event: E, params: EventParams<E>): void {
    this.end.send(eventFrame(event, params));
  }

  /** The channels of this connection, as its client numbers them. */
  get channels(): readonly number[] {
    return [...this.#channels.keys()];
  }

  /** The channel to the other that is open already, or a new one. */
  openChannel(other: ScriptedClient): { channel: number } {
    for (const [channel, end] of this.#channels) if (end.to === other) return { channel };
    const channel = this.#nextChannel++;
    const theirs = other.#nextChannel++;
    this.#channels.set(channel, { to: other, channel: theirs });
    other.#channels.set(theirs, { to: this, channel });
    other.event("relay.opened", { channel: theirs, from: this.identity() });
    return { channel };
  }

  closeChannel(channel: number, reason: EventParams<"relay.closed">["reason"] = "closed"): void {
    const other = this.#channels.get(channel);
    this.#channels.delete(channel);
    if (other === undefined) return;
    other.to.#channels.delete(other.channel);
    other.to.event("relay.closed", { channel: other.channel, reason });
  }

  #onText(text: string): void {
    const request = parseRequestFrame(text);
    try {
      const result = this.#server.play(this, request.method, request.params);
      if (result !== "never") this.end.send(resultFrame(request.id, result));
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.end.send(errorFrame(request.id, error));
    }
  }

  #onBinary(bytes: Uint8Array): void {
    const data = decodeChannelData(bytes);
    const other = data === undefined ? undefined : this.#channels.get(data.channel);
    if (data !== undefined) other?.to.end.send(encodeChannelData(other.channel, data.payload));
  }
}
