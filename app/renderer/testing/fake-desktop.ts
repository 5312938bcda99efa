import type { Desktop } from "../platform/platform.ts";

/** A desktop on Linux, for looking at its settings. */
export function fakeDesktop(guardedKeys: boolean): Desktop {
  let loginItem = false;
  return {
    os: "linux",
    features: { tray: true, loginItem: true, spellCheck: true, linkPreviews: true },
    onEvent: () => () => undefined,
    tellState: () => undefined,
    look: async () => ({
      loginItem,
      guardedKeys,
      spellLanguages: ["de", "en-GB", "en-US", "fr", "pt-BR", "vi"],
    }),
    setLoginItem: async (open) => {
      loginItem = open;
    },
  };
}
