import { effect } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { rootLook } from "../model/look.ts";
import type { Settings } from "../model/settings.ts";

/** Keeps the attributes of the page's root in step with what the person and the system want. */
export function useLook(settings: Pick<Settings, "theme" | "textSize" | "motion">): void {
  useEffect(() => {
    const contrast = matchMedia("(prefers-contrast: more)");
    const motion = matchMedia("(prefers-reduced-motion: reduce)");
    const apply = (): void => {
      const look = rootLook(
        {
          theme: settings.theme.value,
          textSize: settings.textSize.value,
          motion: settings.motion.value,
        },
        { moreContrast: contrast.matches, reducedMotion: motion.matches },
      );
      const { dataset, style } = document.documentElement;
      dataset["scheme"] = look.scheme;
      dataset["contrast"] = look.contrast;
      dataset["motion"] = look.motion;
      style.setProperty("--text-scale", String(look.textScale));
    };
    const end = effect(apply);
    contrast.addEventListener("change", apply);
    motion.addEventListener("change", apply);
    return () => {
      end();
      contrast.removeEventListener("change", apply);
      motion.removeEventListener("change", apply);
    };
  }, [settings]);
}
