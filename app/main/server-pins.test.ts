import { execFileSync } from "node:child_process";
import { createHash, X509Certificate } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { ServerPins, type VerifyingSession } from "./server-pins.ts";

let one: string;
let other: string;

beforeAll(() => {
  one = makeCertificate();
  other = makeCertificate();
});

function makeCertificate(): string {
  return execFileSync(
    "openssl",
    [
      ..."req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2".split(" "),
      ...["-subj", "/CN=nobody.example", "-keyout", "/dev/null"],
    ],
    { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] },
  );
}

function pinOf(certificate: string): string {
  return createHash("sha256").update(new X509Certificate(certificate).raw).digest("base64url");
}

function pinned() {
  let verify: Parameters<VerifyingSession["setCertificateVerifyProc"]>[0] | undefined;
  let installed = 0;
  const pins = new ServerPins({
    setCertificateVerifyProc(next) {
      verify = next;
      installed += 1;
    },
  });
  const verdict = (hostname: string, data: string): number | undefined => {
    let answer: number | undefined;
    verify?.({ hostname, certificate: { data } }, (given) => {
      answer = given;
    });
    return answer;
  };
  return { pins, verdict, installed: () => installed };
}

describe("H5 pins of servers", () => {
  it("take the pinned certificate, refuse another, and leave other hosts to the rules", () => {
    const { pins, verdict } = pinned();
    pins.set("Chat.Example.org", pinOf(one));
    expect(verdict("chat.example.org", one)).toBe(0);
    expect(pins.refused("chat.example.org")).toBe(false);
    expect(verdict("chat.example.org", other)).toBe(-2);
    expect(pins.refused("chat.example.org")).toBe(true);
    expect(verdict("chat.example.org", "noise")).toBe(-2);
    expect(verdict("example.org", one)).toBe(-3);
    expect(pins.refused("example.org")).toBe(false);
  });

  it("know an IPv6 address with brackets and without", () => {
    const { pins, verdict } = pinned();
    pins.set("[2001:db8::1]", pinOf(one));
    expect(verdict("2001:db8::1", one)).toBe(0);
    expect(verdict("[2001:DB8::1]", other)).toBe(-2);
  });

  it("end with undefined, and a change makes Chromium forget its verdicts", () => {
    const { pins, verdict, installed } = pinned();
    pins.set("h", pinOf(one));
    pins.set("h", pinOf(one));
    expect(installed()).toBe(1);
    pins.set("h", pinOf(other));
    expect(verdict("h", one)).toBe(-2);
    pins.set("h", undefined);
    expect(verdict("h", one)).toBe(-3);
    expect(installed()).toBe(3);
  });

  it("are bounded: the oldest makes way", () => {
    const { pins, verdict } = pinned();
    for (let n = 0; n < 70; n++) pins.set(`host${n}`, pinOf(one));
    expect(verdict("host0", other)).toBe(-3);
    expect(verdict("host69", other)).toBe(-2);
  });
});
