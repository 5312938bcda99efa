import type { MotionChoice, TextSize, Theme } from "./settings.ts";

/** What the person chose for how the window looks. */
export interface LookChoice {
  readonly theme: Theme;
  readonly textSize: TextSize;
  readonly motion: MotionChoice;
}

/** What the system says of the person's wishes (Media Queries 5 §12). */
export interface SystemLook {
  readonly moreContrast: boolean;
  readonly reducedMotion: boolean;
}

/** The attributes of the page's root that the styles go by. */
export interface RootLook {
  /** Absent: the system's scheme. */
  readonly scheme: "light" | "dark" | "";
  readonly contrast: "more" | "";
  readonly motion: "reduce" | "";
  /** 1 is the usual size. */
  readonly textScale: number;
}

const schemes: Readonly<Record<Theme, RootLook["scheme"]>> = {
  system: "",
  light: "light",
  dark: "dark",
  "contrast-light": "light",
  "contrast-dark": "dark",
};

/** The person's choice, or the system's where they left it to that. */
export function rootLook(choice: LookChoice, system: SystemLook): RootLook {
  const { theme } = choice;
  const contrast = theme === "contrast-light" || theme === "contrast-dark" || system.moreContrast;
  return {
    scheme: schemes[theme],
    contrast: contrast ? "more" : "",
    motion: choice.motion === "reduce" || system.reducedMotion ? "reduce" : "",
    textScale: choice.textSize / 100,
  };
}
