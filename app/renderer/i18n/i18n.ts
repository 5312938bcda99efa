import { computed, signal, type ReadonlySignal } from "@preact/signals";
import { en, type Catalogue } from "./en.ts";
import { createFormat, type Format } from "./format.ts";
import { zhCn } from "./zh-cn.ts";

export type Language = "en" | "zh-CN";

/** Every language by its own name. */
export const languageNames: Readonly<Record<Language, string>> = {
  en: "English",
  "zh-CN": "简体中文",
};

export const languages: readonly Language[] = ["en", "zh-CN"];

/** How lines run in each language. */
const directions: Readonly<Record<Language, Direction>> = { en: "ltr", "zh-CN": "ltr" };

export type Direction = "ltr" | "rtl";

const catalogues: Readonly<Record<Language, Catalogue>> = { en, "zh-CN": zhCn };

export interface I18n {
  readonly language: ReadonlySignal<Language>;
  readonly text: ReadonlySignal<Catalogue>;
  readonly format: ReadonlySignal<Format>;
  readonly direction: ReadonlySignal<Direction>;
}

/** @param mirrored overrules the language's direction: how else would it be seen before one needs it? */
export function createI18n(
  language: ReadonlySignal<Language>,
  mirrored: ReadonlySignal<Direction | undefined> = signal(undefined),
): I18n {
  const text = computed(() => catalogues[language.value]);
  return {
    language,
    text,
    format: computed(() => createFormat(language.value, text.value)),
    direction: computed(() => mirrored.value ?? directions[language.value]),
  };
}

/** The best of our languages for the person's own, in their order (BCP 47 tags). */
export function matchLanguage(preferred: readonly string[]): Language {
  for (const tag of preferred) {
    const primary = tag.toLowerCase().split("-")[0];
    if (primary === "zh") return "zh-CN";
    if (primary === "en") return "en";
  }
  return "en";
}
