import { describe, expect, it } from "vitest";
import { externalUrl, guardNavigation } from "./navigation.ts";
import type { GuardedContents } from "./navigation.ts";

describe("addresses that open outside", () => {
  it.each([
    ["https://example.org/a?b#c", "https://example.org/a?b#c"],
    ["http://192.168.1.2:8383", "http://192.168.1.2:8383/"],
  ])("are web addresses: %s", (text, url) => {
    expect(externalUrl(text)).toBe(url);
  });

  it.each([
    "file:///etc/passwd",
    "javascript:alert(1)",
    "app://beeline/",
    "smb://host/share",
    "https://bank.example@evil.example/",
    "not an address",
    `https://example.org/${"a".repeat(2048)}`,
  ])("are nothing else: %s", (text) => {
    expect(externalUrl(text)).toBeUndefined();
  });
});

describe("the navigation guard", () => {
  it("keeps the window on its page and opens links outside", () => {
    const { contents, opened, navigate } = guarded();
    expect(navigate("will-frame-navigate", "app://beeline/index.html")).toBe("allowed");
    expect(navigate("will-frame-navigate", "https://example.org/")).toBe("prevented");
    expect(navigate("will-frame-navigate", "file:///etc/passwd")).toBe("prevented");
    expect(opened).toEqual(["https://example.org/"]);
    expect(contents.open("https://example.com/")).toEqual({ action: "deny" });
    expect(contents.open("javascript:alert(1)")).toEqual({ action: "deny" });
    expect(opened).toEqual(["https://example.org/", "https://example.com/"]);
  });

  it("follows no redirection away and holds no webview", () => {
    const { opened, navigate } = guarded();
    expect(navigate("will-redirect", "https://example.org/")).toBe("prevented");
    expect(navigate("will-redirect", "app://beeline/x")).toBe("allowed");
    expect(navigate("will-attach-webview", "")).toBe("prevented");
    expect(opened).toEqual([]);
  });
});

/** A guarded fake of the window's contents. */
function guarded() {
  type Listener = (event: { url: string; preventDefault(): void }) => void;
  const listeners = new Map<string, Listener>();
  const opened: string[] = [];
  let opener: ((details: { url: string }) => { action: "deny" }) | undefined;
  const contents = {
    on: (event: string, listener: Listener) => listeners.set(event, listener),
    setWindowOpenHandler: (handler) => {
      opener = handler;
    },
    open: (url: string) => opener?.({ url }),
  } satisfies GuardedContents & { open(url: string): unknown };
  guardNavigation(contents, (url) => opened.push(url));
  const navigate = (event: string, url: string): "prevented" | "allowed" => {
    let outcome: "prevented" | "allowed" = "allowed";
    const preventDefault = (): void => {
      outcome = "prevented";
    };
    listeners.get(event)?.({ url, preventDefault });
    return outcome;
  };
  return { contents, opened, navigate };
}
