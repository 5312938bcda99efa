import type { PeerSignal } from "../../protocol/index.ts";

/**
 * What of a signal may pass where only the local network is permitted (SPEC R5): host candidates with
 * private addresses, alone and inside of descriptions. Undefined where nothing is left.
 */
export function lanSignal(signal: PeerSignal): PeerSignal | undefined {
  if (signal.type !== "candidate") return { type: signal.type, sdp: lanDescription(signal.sdp) };
  // Empty: the end of candidates (RFC 8838 §8.2).
  return signal.candidate === "" || isLanCandidate(signal.candidate) ? signal : undefined;
}

/** Candidates go; the addresses of `c=` and `o=`, of which ICE takes no notice, are made unknown. */
function lanDescription(sdp: string): string {
  return sdp
    .replaceAll(/^a=(candidate:[^\r\n]*)(?:\r\n|\n|\r|$)/gm, (line: string, candidate: string) =>
      isLanCandidate(candidate) ? line : "",
    )
    .replaceAll(/\bIN IP[46] ([^\s/]+)/g, (text: string, address: string) =>
      isLanAddress(address) ? text : "IN IP4 0.0.0.0",
    );
}

/**
 * `candidate:foundation component transport priority address port typ type …` (RFC 8839 §5.1), parted
 * by single spaces. WebRTC takes whatever else is white for a part of a word: what it would read in
 * another way than this is none.
 */
function isLanCandidate(candidate: string): boolean {
  if (!/^[!-~]+(?: [!-~]+)* *$/.test(candidate)) return false;
  const [, , , , address = "", , typ, type] = candidate.split(" ");
  return typ?.toLowerCase() === "typ" && type?.toLowerCase() === "host" && isLanAddress(address);
}

/**
 * Private (RFC 1918), unique local (RFC 4193), link-local (RFC 3927, RFC 4291 §2.5.6), loopback, or a
 * name that multicast DNS alone resolves (RFC 6762 §3).
 */
export function isLanAddress(address: string): boolean {
  const [text = ""] = address.toLowerCase().split("%");
  if (text.endsWith(".local")) return true;
  return text.includes(":") ? isLanIpv6(text) : isLanIpv4(text);
}

function isLanIpv4(text: string): boolean {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1);
  // With a leading zero it is octal to some resolvers: 010.0.0.1 is 8.0.0.1 there.
  if (parts?.every((part) => Number(part) <= 255 && String(Number(part)) === part) !== true) {
    return false;
  }
  const [first = 0, second = 0] = parts.map(Number);
  return (
    first === 10 ||
    first === 127 ||
    (first === 172 && second >= 16 && second <= 31) ||
    (first === 192 && second === 168) ||
    (first === 169 && second === 254)
  );
}

function isLanIpv6(text: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(text)?.[1];
  if (mapped !== undefined) return isLanIpv4(mapped);
  if (/^(?:0{0,4}:){2,7}0{0,3}1$/.test(text)) return true;
  const first = /^([\da-f]{4}):/.exec(text)?.[1];
  if (first === undefined) return false;
  const prefix = Number.parseInt(first, 16);
  return (prefix & 0xfe00) === 0xfc00 || (prefix & 0xffc0) === 0xfe80;
}
