/** Spelling: off until a person chooses a language, for its dictionary has to be fetched. */
import * as v from "valibot";

/** Where Chromium's dictionaries are; told in the settings before anything is fetched. */
const DICTIONARY_SOURCE = "https://redirector.gvt1.com/edgedl/chrome/dict/";

/**
 * Where nothing is: Electron may fetch the dictionary of the system's language at its start, even with
 * spell checking off (electron/electron#22995).
 */
const NO_SOURCE = "https://dictionaries.invalid/";

/** At once; every one is held in memory. */
const MAX_LANGUAGES = 4;

/** The setting `spellLanguages`. */
export const SpellLanguages = v.array(v.pipe(v.string(), v.maxLength(16)));

/** The part of Electron's Session that is used. */
export interface SpellSession {
  readonly availableSpellCheckerLanguages: string[];
  setSpellCheckerEnabled(enable: boolean): void;
  setSpellCheckerLanguages(languages: string[]): void;
  setSpellCheckerDictionaryDownloadURL(url: string): void;
}

export class SpellCheck {
  readonly #session: SpellSession;
  readonly #platform: NodeJS.Platform;

  constructor(session: SpellSession, platform: NodeJS.Platform) {
    this.#session = session;
    this.#platform = platform;
  }

  /** BCP 47 tags; empty on macOS, which finds the language of a text by itself. */
  get available(): readonly string[] {
    return this.#platform === "darwin" ? [] : this.#session.availableSpellCheckerLanguages;
  }

  /** @param languages what the person chose; on macOS any one switches it on */
  set(languages: readonly string[]): void {
    if (this.#platform === "darwin") {
      this.#session.setSpellCheckerEnabled(languages.length > 0);
      return;
    }
    const known = new Set(this.#session.availableSpellCheckerLanguages);
    const chosen = languages.filter((language) => known.has(language)).slice(0, MAX_LANGUAGES);
    const on = chosen.length > 0;
    this.#session.setSpellCheckerDictionaryDownloadURL(on ? DICTIONARY_SOURCE : NO_SOURCE);
    this.#session.setSpellCheckerLanguages(chosen);
    this.#session.setSpellCheckerEnabled(on);
  }
}
