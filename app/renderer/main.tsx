import { render } from "preact";
import { ChatKit } from "../../shared/chatkit/chatkit.ts";
import { parseInviteLink } from "../../shared/protocol/index.ts";
import { App } from "./app.tsx";
import { createI18n } from "./i18n/i18n.ts";
import { AppLock } from "./model/app-lock.ts";
import { AppModel } from "./model/app-model.ts";
import { attend } from "./model/attention.ts";
import { AutoAway } from "./model/auto-away.ts";
import { listenForCommands } from "./model/commands.ts";
import { connectDesktop } from "./model/desktop.ts";
import { watchIdle } from "./model/idle-watch.ts";
import { loadSettings } from "./model/settings.ts";
import { beginPlayedVoices } from "./model/voice-played.ts";
import { createWindowLocks } from "./model/window-lock.ts";
import { createBrowserPlatform } from "./platform/browser.ts";
import { createElectronPlatform } from "./platform/electron.ts";
import { refuseStrayDrops } from "./platform/stray-drops.ts";
import { createBridgedLan } from "./ports/bridged-lan.ts";
import { createBrowserPorts } from "./ports/browser-ports.ts";
import { createBridgeKeyProtector, createWebKeyProtector } from "./ports/key-protectors.ts";
import { isLookedAt } from "./screens/use-reading.ts";
import "./styles/index.css";

declare const __BEELINE_VERSION__: string;

const bridge = globalThis.window.beeline;
const platform =
  bridge === undefined
    ? createBrowserPlatform(__BEELINE_VERSION__)
    : await createElectronPlatform(bridge);
const keyProtector =
  bridge === undefined ? createWebKeyProtector() : createBridgeKeyProtector(bridge);
const settings = await loadSettings(platform, navigator.languages);
const ports = createBrowserPorts({
  localAddresses: () => platform.localAddresses(),
  ...(keyProtector === undefined ? {} : { keyProtector }),
  ...(bridge === undefined ? {} : { lan: createBridgedLan(bridge) }),
  ...(platform.guard === undefined ? {} : { guard: platform.guard }),
});
const host = { client: platform.client, deviceName: platform.deviceName };

const lock = await AppLock.load({
  platform,
  now: () => Date.now(),
  randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
});
const model = new AppModel({
  platform,
  settings,
  i18n: createI18n(settings.language),
  locks: createWindowLocks(),
  lock,
  createKit: ({ server, pin }) =>
    new ChatKit({ server, host, ports, ...(pin === undefined ? {} : { pin }) }),
});
refuseStrayDrops(globalThis.window);
beginPlayedVoices(Date.now());
watchIdle(lock, {
  target: globalThis.window,
  now: () => Date.now(),
  every: (ms, task) => {
    const timer = setInterval(task, ms);
    return () => clearInterval(timer);
  },
});
attend(model, () => !isLookedAt());
const link = platform.takeInviteLink() ?? "";
const invite = parseInviteLink(link);
if (!model.links.offerGroup(link) && invite !== undefined) model.links.offer(invite);
listenForCommands(model.commands, platform.kind, document);
if (platform.desktop !== undefined) {
  const { desktop } = platform;
  const away = await AutoAway.load(platform);
  connectDesktop({ app: model, desktop, away, now: () => Date.now() });
}

const root = document.querySelector("#app");
if (root === null) throw new Error("the page has no #app");
render(<App model={model} />, root);
await model.start();
