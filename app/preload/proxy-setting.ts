/** How the app reaches servers through a proxy: one schema for the bridge, the settings and the policy. */
import * as v from "valibot";

/** More exceptions than anybody types, and few enough for a setting of 4 KiB. */
const MAX_BYPASS = 32;

const Host = v.pipe(v.string(), v.maxLength(253), v.regex(/^(?:[\w.-]+|[\da-f:.]*:[\da-f:.]*)$/i));
const Port = v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(65_535));
/** A host, a pattern such as `*.example.org`, an address or a range of them, or `<local>`. */
const Bypass = v.pipe(v.string(), v.maxLength(96), v.regex(/^(?:<local>|[\w.*:/[\]-]+)$/));
const PacUrl = v.pipe(v.string(), v.maxLength(2048), v.url(), v.regex(/^https?:/i));

/**
 * - `system`: what the operating system says
 * - `none`: straight, whatever the system says
 * - `manual`: one proxy for everything but `bypass`
 * - `pac`: the script at this address decides
 *
 * Links between people are WebRTC's and go by no proxy. Proxies that ask for a name and a password are
 * not served: Chromium asks nobody for those of a WebSocket.
 */
export const ProxySetting = v.variant("mode", [
  v.strictObject({ mode: v.picklist(["system", "none"]) }),
  v.strictObject({
    mode: v.literal("manual"),
    scheme: v.picklist(["http", "https", "socks5"]),
    /** A name, or an address without brackets. */
    host: Host,
    port: Port,
    bypass: v.pipe(v.array(Bypass), v.maxLength(MAX_BYPASS)),
  }),
  v.strictObject({ mode: v.literal("pac"), url: PacUrl }),
]);
export type ProxySetting = v.InferOutput<typeof ProxySetting>;

export const SYSTEM_PROXY: ProxySetting = { mode: "system" };

export const BridgeProxy = v.object({
  setting: ProxySetting,
  /** The administrator has set it. */
  fixed: v.boolean(),
});
export type BridgeProxy = v.InferOutput<typeof BridgeProxy>;
