/**
 * Everything outside the engine that it needs. One implementation per host: `app/renderer/ports`
 * for browsers, `app/cli/ports` for Node, scripted fakes in `testing/` for tests.
 */
import type { ClientInfo, DeviceId, PeerSignal, TransportAddress } from "../protocol/index.ts";
import type { IdentityKeys, MlsSuite, PasswordStart } from "../crypto/index.ts";
import type { FileVault } from "./files/file-vault.ts";
import type { Store } from "./store.ts";

export interface Ports {
  readonly clock: Clock;
  readonly random: Random;
  readonly sockets: SocketConnector;
  /** Absent where the host has no WebRTC: everything then goes by relay or mailbox. */
  readonly peers?: PeerConnector;
  readonly stores: StoreOpener;
  /** Where the content of files is kept; absent where the host keeps none. */
  readonly files?: FileVaultOpener;
  /** Where the operating system can guard keys on disk; absent where it cannot. */
  readonly keyProtector?: KeyProtector;
  /** Absent where the host may not speak to its network by itself (browsers). */
  readonly lan?: Lan;
  /** Absent in browsers, too; what WebRTC finds out has to do there. */
  readonly stun?: StunProbe;
  readonly log: Log;
  /** OPAQUE's unless a test plays it. */
  readonly passwords?: PasswordWork;
  /** The host's own addresses as far as its platform tells them; may change at any time. */
  localAddresses(): readonly TransportAddress[];
}

export interface Clock {
  /** Milliseconds since the Unix epoch; may jump. For showing and for message times. */
  now(): number;
  /** Milliseconds from an arbitrary start; never jumps. For every time-out and every interval. */
  monotonic(): number;
  /** Calls back once after `ms` of monotonic time. */
  setTimer(callback: () => void, ms: number): Timer;
}

export interface Timer {
  /** No effect once the timer has fired. */
  cancel(): void;
}

export interface Random {
  /** Cryptographically secure bytes. */
  bytes(length: number): Uint8Array;
}

export interface SocketConnector {
  /**
   * Begins to connect; the outcome arrives at the handlers, never before this call returns.
   * @param pin SHA-256 of the server's certificate (DER), 32 bytes: with it, that certificate and no
   * other is trusted, whoever signed it. Hosts that cannot check it (browsers) ignore it.
   */
  connect(url: string, subprotocol: string, handlers: SocketHandlers, pin?: Uint8Array): Socket;
}

/** Encrypts small secrets with a key that the operating system keeps (keychain, DPAPI, Secret Service). */
export interface KeyProtector {
  /** @throws Error where the operating system refuses */
  protect(secret: Uint8Array): Promise<Uint8Array>;
  /** @throws Error for what it did not protect, or cannot open any more */
  unprotect(sealed: Uint8Array): Promise<Uint8Array>;
}

/** A WebSocket. */
export interface Socket {
  send(data: string | Uint8Array): void;
  /** Bytes handed to `send` that have not left yet. */
  readonly bufferedAmount: number;
  /** Ends in `onClose`, at once or a little later. */
  close(code?: number, reason?: string): void;
}

export interface SocketHandlers {
  onOpen(): void;
  onText(text: string): void;
  onBinary(bytes: Uint8Array): void;
  /**
   * Exactly once, also where the connection never opened (code 1006, or 1015 where the certificate
   * is not the pinned one). Nothing follows it.
   */
  onClose(code: number, reason: string): void;
}

export interface PeerConnector {
  /** Begins a WebRTC connection with one ordered, reliable data channel. */
  create(options: PeerOptions, handlers: PeerHandlers): PeerChannel;
}

export interface PeerOptions {
  /** The initiator offers. */
  readonly initiator: boolean;
  readonly iceServers: readonly IceServer[];
}

export interface IceServer {
  readonly urls: readonly string[];
  readonly username?: string;
  readonly credential?: string;
}

export type { PeerSignal } from "../protocol/index.ts";

export interface PeerChannel {
  /** Takes a validated signal of the other side. */
  signal(signal: PeerSignal): void;
  /** Only between `onOpen` and `onClose`. At most `MAX_BINARY_FRAME_BYTES`, copied before it returns. */
  send(bytes: Uint8Array): void;
  readonly bufferedAmount: number;
  /** What the open connection goes by; undefined where the platform does not tell. Never rejects. */
  selectedPair(): Promise<CandidatePair | undefined>;
  /** Releases everything; `onClose` follows unless it came before. */
  close(): void;
}

/** The pair of ICE candidates that a connection uses (RFC 8445). */
export interface CandidatePair {
  readonly local: CandidateKind;
  readonly remote: CandidateKind;
  readonly protocol: "udp" | "tcp";
  /** The other end's address as this one sees it; absent where the platform hides it. */
  readonly remoteAddress?: string;
}

/** Host, server reflexive, peer reflexive and relayed (RFC 8445 §5.1.1). */
export type CandidateKind = "host" | "srflx" | "prflx" | "relay";

export interface PeerHandlers {
  onSignal(signal: PeerSignal): void;
  /**
   * Every candidate was told (RFC 8445 §5.1.1): all STUN and TURN servers have answered or refused.
   * While one of them says nothing, this takes as long as WebRTC's patience, some 40 s.
   */
  onGathered?(): void;
  onOpen(): void;
  onMessage(bytes: Uint8Array): void;
  /** `bufferedAmount` fell to the host's low-water mark. */
  onDrain(): void;
  /** Exactly once. `error` is absent for an orderly end. */
  onClose(error?: Error): void;
}

/** Asks a STUN server by UDP, without WebRTC. */
export interface StunProbe {
  /**
   * Does it answer a Binding request (RFC 8489 §3) within `timeoutMs`? Never rejects.
   * @param host name or IP address, IPv6 without brackets
   */
  answers(host: string, port: number, timeoutMs: number): Promise<boolean>;
}

/** The local network without any server: who is near, and a way to hand them signals. */
export interface Lan {
  /**
   * Announces this device by DNS-SD (RFC 6763) as `_beeline-peer._tcp` and looks for others, until
   * closed. Never throws: where the network permits neither, nobody is found, and `state` says so.
   */
  join(self: DeviceId, handlers: LanHandlers): LanMembership;
}

export interface LanHandlers {
  /** A device says it is here. Nothing proves it: only what it signs does. */
  onNear(device: DeviceId): void;
  onGone(device: DeviceId): void;
  /** A text that came from the network, at most `MAX_LAN_TEXT_BYTES`. Whoever sent it is not proven. */
  onText(text: string): void;
  onState(state: LanState): void;
}

/** `unheard`: one's own announcement did not come back: multicast does not work here. */
export type LanState = "starting" | "working" | "unheard" | "failed";

export interface LanMembership {
  readonly state: LanState;
  /** Hands a text to a device that is near. @throws Error where it could not be handed over */
  send(to: DeviceId, text: string): Promise<void>;
  close(): void;
}

export interface StoreOpener {
  /**
   * Opens the store of one account, creating it if need be.
   * @param account server origin and canonical user name, e.g. `https://host:8443/ada`
   * @throws StoreError where it is damaged, locked by another process, or may not be written
   */
  open(account: string): Promise<Store>;
}

export interface FileVaultOpener {
  /**
   * Opens the vault of one account, creating it if need be.
   * @param account as `StoreOpener.open`
   * @throws FileError
   */
  open(account: string): Promise<FileVault>;
}

export interface Log {
  debug(message: string, fields?: Record<string, unknown>): void;
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
}

/** The client's half of OPAQUE: `crypto/password.ts` says what each does. */
export interface PasswordWork {
  startRegistration(password: string): Promise<PasswordStart>;
  finishRegistration(
    password: string,
    start: PasswordStart,
    response: string,
  ): Promise<{ readonly record: string; readonly passwordKeys: IdentityKeys }>;
  startLogin(password: string): Promise<PasswordStart>;
  finishLogin(
    password: string,
    start: PasswordStart,
    response: string,
  ): Promise<{ readonly finish: string; readonly passwordKeys: IdentityKeys } | undefined>;
}

/** What the program that embeds the engine is. */
export interface Host {
  readonly client: ClientInfo;
  /** How the owner tells this device from their others, e.g. `ada-laptop`. */
  readonly deviceName: string;
  /**
   * The MLS suite that this device asks for (SPEC M3); `hybrid` unless said. A conversation is in the
   * classic one only where all devices that it is made with ask for that.
   */
  readonly mlsSuite?: MlsSuite;
}
