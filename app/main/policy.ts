/**
 * The administrator's policy: one JSON file that only an administrator can write, at
 * `/etc/beeline/policy.json`, `C:\Program Files\Common Files\Beeline\policy.json` or
 * `/Library/Application Support/Beeline/policy.json`. Every key is optional:
 *
 * ```json
 * {
 *   "server": "https://chat.example.org",
 *   "features": { "files": false, "voice": false, "linkPreviews": false,
 *                 "updates": false, "export": false, "backup": false },
 *   "updateFeed": "https://updates.example.org/beeline",
 *   "proxy": { "mode": "manual", "scheme": "http", "host": "proxy.example.org", "port": 3128,
 *              "bypass": ["*.example.org"] },
 *   "autoStart": true
 * }
 * ```
 *
 * The place is no environment variable's to say: whoever starts the app could then choose another
 * policy. A file that cannot be read, that does not parse, or that others than an administrator could
 * have written, might have forbidden anything: so everything that a policy can forbid is off, and
 * nobody signs in anew, until it is repaired. Who is signed in can still write to people: taking that
 * away would make a slip of an administrator's pen an outage. Keys that this version does not know are
 * told and passed over, so that one file serves machines with different versions.
 */
import { dirname } from "node:path";
import * as v from "valibot";
import { POLICY_FEATURES, type PolicyFeature, type PolicyInfo } from "../preload/policy-info.ts";
import { ProxySetting } from "../preload/proxy-setting.ts";
import { openPolicyFile, PolicyProblem } from "./policy-file.ts";

const PLACES: Readonly<Partial<Record<NodeJS.Platform, string>>> = {
  darwin: "/Library/Application Support/Beeline/policy.json",
  // Not in ProgramData: there anybody makes a folder that has no owner yet, and a policy for all
  // others. Not by %CommonProgramFiles%, which is an environment variable.
  win32: "C:\\Program Files\\Common Files\\Beeline\\policy.json",
};
const OTHER_PLACE = "/etc/beeline/policy.json";
const FLAG = "--policy=";

const Address = v.pipe(v.string(), v.maxLength(2048), v.url());
const Switch = v.exactOptional(v.boolean());

/** Arrays are objects to valibot. */
const JsonObject = v.custom<object>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  "Expected Object",
);

const FeatureSwitches = v.object({
  files: Switch,
  voice: Switch,
  linkPreviews: Switch,
  updates: Switch,
  export: Switch,
  backup: Switch,
} satisfies Record<PolicyFeature, typeof Switch>);

const Settings = v.object({
  server: v.exactOptional(v.pipe(Address, v.regex(/^(?:https?|wss?):\/\/[^@]+$/i))),
  features: v.exactOptional(v.pipe(JsonObject, FeatureSwitches)),
  // Whoever can change what is downloaded there can change the program.
  updateFeed: v.exactOptional(v.pipe(Address, v.regex(/^https:/i))),
  proxy: v.exactOptional(ProxySetting),
  autoStart: Switch,
});
const PolicyFile = v.pipe(JsonObject, Settings);

export interface Policy {
  readonly server?: string;
  readonly updateFeed?: string;
  readonly proxy?: ProxySetting;
  readonly autoStart?: boolean;
  allows(feature: PolicyFeature): boolean;
  /** Whether the person may change this in the settings. */
  leaves(setting: "proxy" | "autoStart"): boolean;
  /** For the page; undefined where there is no policy. */
  readonly info?: PolicyInfo;
}

export interface PolicyPlace {
  readonly file: string;
  /** A place of the system's, where only an administrator's file counts. */
  readonly system: boolean;
}

/** @param argv `--policy=FILE` counts only in a program that is not packaged */
export function policyPlace(
  platform: NodeJS.Platform,
  isPackaged: boolean,
  argv: readonly string[],
): PolicyPlace {
  const flag = argv.find((argument) => argument.startsWith(FLAG));
  if (flag !== undefined && !isPackaged) return { file: flag.slice(FLAG.length), system: false };
  return { file: PLACES[platform] ?? OTHER_PLACE, system: true };
}

/** Never throws: a file that says nothing is a policy too. */
export async function readPolicy(place: PolicyPlace, platform: NodeJS.Platform): Promise<Policy> {
  try {
    const text = await openPolicyFile(place.file, dirname(place.file), place.system, platform);
    return text === undefined ? NO_POLICY : toPolicy(place.file, text);
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return closedPolicy(place.file, problem);
  }
}

export const NO_POLICY: Policy = { allows: () => true, leaves: () => true };

function closedPolicy(file: string, problem: string): Policy {
  return {
    allows: () => false,
    leaves: () => false,
    info: { file, problem, ignored: [], off: [...POLICY_FEATURES], fixed: ["proxy", "autoStart"] },
  };
}

function toPolicy(file: string, text: string): Policy {
  const json = parseJson(text);
  const result = v.safeParse(PolicyFile, json);
  if (!result.success) throw new PolicyProblem(v.summarize(result.issues));
  const { features = {}, ...settings } = result.output;
  const { server, autoStart } = settings;
  const fixed = (["proxy", "autoStart"] as const).filter((key) => settings[key] !== undefined);
  return {
    ...settings,
    allows: (feature) => features[feature] !== false,
    leaves: (setting) => !fixed.includes(setting),
    info: {
      file,
      ignored: unknownKeys(json),
      off: POLICY_FEATURES.filter((feature) => features[feature] === false),
      fixed,
      ...(server === undefined ? {} : { server }),
      ...(autoStart === undefined ? {} : { autoStart }),
    },
  };
}

function parseJson(text: string): unknown {
  try {
    // Editors of Windows begin texts with a byte order mark.
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (error) {
    if (error instanceof SyntaxError) throw new PolicyProblem(`not JSON: ${error.message}`);
    throw error;
  }
}

const Keyed = v.record(v.string(), v.unknown());

function unknownKeys(json: unknown): string[] {
  const file = v.parse(Keyed, json);
  const features = v.parse(v.optional(Keyed, {}), file["features"]);
  return [
    ...Object.keys(file).filter((key) => !(key in Settings.entries)),
    ...Object.keys(features)
      .filter((key) => !(key in FeatureSwitches.entries))
      .map((key) => `features.${key}`),
  ];
}
