import { expect, test } from "vitest";
import { isLanAddress, lanSignal } from "./lan-signal.ts";

test("R5: addresses that only a local network has", () => {
  const local = [
    "10.0.0.1",
    "127.0.0.1",
    "169.254.7.7",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.2",
    "::1",
    "0:0:0:0:0:0:0:1",
    "fe80::1",
    "FE80::1%eth0",
    "febf::1",
    "fd12:3456::1",
    "fc00::1",
    "::ffff:10.0.0.1",
    "6d3a3b8c-0c3c-4e4e-9a77-1f2c0a1b2c3d.local",
  ];
  const other = [
    "8.8.8.8",
    "172.15.0.1",
    "172.32.0.1",
    "192.169.0.1",
    "100.64.0.1",
    "11.0.0.1",
    "0.0.0.0",
    // 8.0.0.1 and 172.14.0.1 to a resolver that reads octal.
    "010.0.0.1",
    "172.016.0.1",
    "::ffff:010.0.0.1",
    "999.1.1.1",
    "10.0.0",
    "2001:db8::1",
    "fec0::1",
    "fe::1",
    "fcfc.example",
    "::",
    "::ffff:8.8.8.8",
    "example.local.net",
    "",
  ];
  expect(local.filter((address) => !isLanAddress(address))).toEqual([]);
  expect(other.filter((address) => isLanAddress(address))).toEqual([]);
});

function candidate(address: string, type: string, rest = "") {
  const line = `candidate:1 1 udp 2122260223 ${address} 50000 typ ${type}${rest}`;
  return { type: "candidate", candidate: line, sdpMid: "0", sdpMLineIndex: 0 } as const;
}

test("R5: host candidates with private addresses pass, and the end of candidates", () => {
  const host = candidate("192.168.1.2", "host", " generation 0");
  expect(lanSignal(host)).toBe(host);
  const end = { ...host, candidate: "" };
  expect(lanSignal(end)).toBe(end);
  for (const refused of [
    candidate("203.0.113.7", "host"),
    candidate("203.0.113.7", "srflx", " raddr 192.168.1.2 rport 50000"),
    candidate("192.168.1.2", "srflx"),
    candidate("192.168.1.2", "prflx"),
    candidate("10.0.0.9", "relay"),
    { ...host, candidate: "candidate:1 1 udp 1 192.168.1.2" },
    { ...host, candidate: "candidate:" },
  ]) {
    expect(lanSignal(refused)).toBeUndefined();
  }
});

test("R5: what WebRTC would read in another way does not pass", () => {
  const { candidate: host } = candidate("10.0.0.1", "host");
  // WebRTC takes all up to the first space for the foundation, and connects to the other address.
  for (const white of ["\t", "\u00a0", "\u2028", "\v"]) {
    const hidden = host.replaceAll(" ", white);
    const line = `${hidden} 1 udp 2122260223 203.0.113.7 50000 typ host`;
    const signal = { ...candidate("", ""), candidate: line };
    expect(lanSignal(signal)).toBeUndefined();
    expect(lanSignal({ type: "offer", sdp: `v=0\r\na=${line}\r\n` })).toEqual({
      type: "offer",
      sdp: "v=0\r\n",
    });
  }
});

test("R5: a description loses the candidates in it that may not pass, and the addresses beside them", () => {
  const lines = (address: string, ...candidates: string[]): string =>
    [
      "v=0",
      "o=- 4611 2 IN IP4 127.0.0.1",
      "s=-",
      "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
      `c=IN ${address}`,
      ...candidates.map((line) => `a=${line}`),
      "a=ice-ufrag:abcd",
      "a=mid:0",
      "",
    ].join("\r\n");
  const host = candidate("fd00::2", "host").candidate;
  const sdp = lines(
    "IP6 2001:db8::7",
    candidate("2001:db8::7", "host").candidate,
    host,
    candidate("203.0.113.7", "srflx", " raddr 0.0.0.0 rport 0").candidate,
  );
  expect(lanSignal({ type: "offer", sdp })).toEqual({
    type: "offer",
    sdp: lines("IP4 0.0.0.0", host),
  });
  const clean = lines("IP4 192.168.1.2", host);
  expect(lanSignal({ type: "answer", sdp: clean })).toEqual({ type: "answer", sdp: clean });
  // Line ends of another kind hide nothing.
  const odd = `v=0\na=${candidate("203.0.113.7", "host").candidate}\rb`;
  expect(lanSignal({ type: "offer", sdp: odd })).toEqual({ type: "offer", sdp: "v=0\nb" });
});
