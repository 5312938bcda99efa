import { posix } from "node:path";
import type { Import } from "./imports.ts";
import { CONFIG_PACKAGES, LAYERS, TEST_PACKAGES } from "./layers.ts";
import type { Layer } from "./layers.ts";

type Kind = "source" | "test" | "config";

/** @param file path from the repository's root, with `/` */
export function layerOf(file: string): Layer | undefined {
  return LAYERS.find(({ folder }) => file.startsWith(`${folder}/`));
}

/** Why `file` may not import this, or undefined where it may. */
export function objection(file: string, layer: Layer, { specifier }: Import): string | undefined {
  const kind = kindOf(file);
  if (specifier === undefined) return "imports a module named by an expression";
  if (specifier.startsWith(".")) return relativeObjection(file, kind, layer, specifier);
  if (specifier.startsWith("node:")) {
    return layer.node || kind === "config" ? undefined : `imports ${specifier}: no Node here`;
  }
  const test = [...TEST_PACKAGES, ...(layer.testPackages ?? [])];
  const extra = { source: [], test, config: CONFIG_PACKAGES }[kind];
  const allowed = [...layer.packages, ...extra].some((name) => isOf(specifier, name));
  return allowed ? undefined : `imports the package ${specifier}`;
}

function relativeObjection(
  file: string,
  kind: Kind,
  layer: Layer,
  specifier: string,
): string | undefined {
  const target = posix.join(posix.dirname(file), specifier);
  if (kind === "source" && kindOf(target) === "test") return `imports the test code ${target}`;
  const other = layerOf(target);
  if (other === undefined) return `imports ${target}, which is in no layer`;
  const allowed = other === layer || layer.layers.includes(other.folder);
  return allowed ? undefined : `imports ${target} of ${other.folder}`;
}

function kindOf(file: string): Kind {
  if (/\.test\.tsx?$/.test(file) || file.includes("/testing/")) return "test";
  return file.endsWith(".config.ts") ? "config" : "source";
}

/** Whether `specifier` is of the package (or scope) `name`, its subpaths included. */
function isOf(specifier: string, name: string): boolean {
  return name.endsWith("/*")
    ? specifier.startsWith(name.slice(0, -1))
    : specifier === name || specifier.startsWith(`${name}/`);
}
