/**
 * The interface over the scripted engine, for looking at it and for screenshots:
 * `npx vite app/renderer`, then `/testing/preview.html?screen=main&theme=dark&language=zh-CN`.
 * No part of the production build.
 */
import { signal } from "@preact/signals";
import { render } from "preact";
import { App } from "../app.tsx";
import { createI18n } from "../i18n/i18n.ts";
import { AppLock } from "../model/app-lock.ts";
import { AppModel } from "../model/app-model.ts";
import { attend } from "../model/attention.ts";
import { listenForCommands } from "../model/commands.ts";
import { loadSettings } from "../model/settings.ts";
import { createBrowserPlatform } from "../platform/browser.ts";
import type { FoundServer, Platform } from "../platform/platform.ts";
import { isLookedAt } from "../screens/use-reading.ts";
import "../styles/index.css";
import { showFiles } from "./fake-files.ts";
import { fakeConnection, fakeDamagedPolicy, fakePolicy } from "./fake-connection.ts";
import { fakeDesktop } from "./fake-desktop.ts";
import { FakeKit } from "./fake-kit.ts";
import { conversationId } from "./fake-people.ts";

const query = new URLSearchParams(location.search);
const near = [
  {
    name: "Hive at the harbour",
    address: "https://192.168.1.10:8443",
    secure: true,
    pin: "3djnxEloFENZhDJhXOreT9kBhAzOGcz6E9X75sV9udQ",
  },
  { name: "Werkstatt", address: "http://192.168.1.77:8080", secure: false },
];
const platform: Platform = {
  ...createBrowserPlatform("0.1.0"),
  ...(query.has("desktop")
    ? {
        connection: fakeConnection(query.has("policy")),
        desktop: fakeDesktop(query.get("desktop") !== "unguarded"),
      }
    : {}),
  ...(query.has("policy")
    ? { policy: query.get("policy") === "damaged" ? fakeDamagedPolicy : fakePolicy }
    : {}),
  ...(query.has("near")
    ? {
        watchServers(handler: (servers: readonly FoundServer[]) => void) {
          handler(near);
          return () => undefined;
        },
      }
    : {}),
};
const remembered = {
  language: query.get("language") ?? "en",
  theme: query.get("theme") ?? "system",
  textSize: Number(query.get("text") ?? 100),
  account:
    query.get("screen") === "sign-in"
      ? undefined
      : { server: "https://chat.example.org", userName: "ada" },
  server: "https://chat.example.org",
  notifications: true,
  mentions: true,
};
const settings = await loadSettings(
  {
    ...platform,
    readSetting: async (key) => Object.entries(remembered).find(([known]) => known === key)?.[1],
    writeSetting: async () => undefined,
  },
  [],
);
const registration = query.get("registration");
const kit = new FakeKit({
  signedIn: query.get("screen") !== "sign-in",
  unread: { 2: 3, 5: 1 },
  groups: query.has("groups"),
  registration: registration === "invite" || registration === "closed" ? registration : "open",
  ...(query.get("screen") === "empty" ? { people: [] } : {}),
});
if (query.has("files")) await showFiles(kit.files, conversationId(4));
const taken = query.get("screen") === "elsewhere";
const free = { release: () => undefined };
const lock = await AppLock.load({
  platform: { readSetting: async () => undefined, writeSetting: async () => undefined },
  now: () => Date.now(),
  randomBytes: (length) => new Uint8Array(length),
});
if (query.has("locked")) {
  await lock.set("bee-line");
  lock.engage();
}
const model = new AppModel({
  platform,
  settings,
  i18n: createI18n(
    settings.language,
    signal(query.get("dir") === "rtl" ? ("rtl" as const) : undefined),
  ),
  lock,
  locks: { claim: async () => (taken ? undefined : free), takeOver: async () => free },
  createKit: () => kit,
});
attend(model, () => !isLookedAt());
listenForCommands(model.commands, platform.kind, document);
Object.assign(globalThis, { kit, model });

const root = document.querySelector("#app");
if (root !== null) render(<App model={model} />, root);
await model.start();
