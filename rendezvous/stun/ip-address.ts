import { isIPv4, isIPv6 } from "node:net";

/** The bytes of an IP address without zone: 4 of IPv4, 16 of IPv6. Undefined for anything else. */
export function ipBytes(text: string): Uint8Array | undefined {
  if (isIPv4(text)) return Uint8Array.from(text.split("."), Number);
  if (!isIPv6(text)) return undefined;
  const [head = "", tail] = text.split("::");
  const first = groupBytes(head);
  if (tail === undefined) return Uint8Array.from(first);
  const last = groupBytes(tail);
  const zeros = Array.from({ length: 16 - first.length - last.length }, () => 0);
  return Uint8Array.from([...first, ...zeros, ...last]);
}

/** IPv6 as RFC 5952 §4 has it; `ipBytes` takes it back. */
export function ipText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join(".");
  const groups: string[] = [];
  for (let at = 0; at < bytes.length; at += 2) {
    groups.push((((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)).toString(16));
  }
  // URLs write it in the shortest form.
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
}

function groupBytes(text: string): number[] {
  if (text === "") return [];
  return text.split(":").flatMap((group) => {
    if (group.includes(".")) return group.split(".").map(Number);
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}
