import type { JSX } from "preact";
import { useApp, useText } from "../components/context.tsx";
import { Bee, LogoMark } from "../components/logo.tsx";
import { PathGlyph } from "../components/path-glyph.tsx";
import { languageNames, languages } from "../i18n/i18n.ts";

const paths = ["direct", "relayed", "stored"] as const;

/** Beside the form: what this is, in one picture and three lines. */
export function SignInPitch(): JSX.Element {
  const { t } = useText();
  return (
    <aside class="pitch" aria-label={t.appName}>
      <div class="brand">
        <LogoMark size={44} />
        <span class="brand-name">{t.appName}</span>
      </div>
      <svg class="pitch-picture" viewBox="0 0 572 300" aria-hidden="true">
        <path class="comb" d={COMB} />
        <path
          class="pitch-way"
          d="M18 262c70 14 128-6 120-62-6-40-66-44-70-2-6 62 120 74 208 22 60-36 102-76 148-120"
        />
        <Bee x={444} y={82} scale={4.2} />
      </svg>
      <div class="pitch-words">
        <p class="pitch-title">{t.signIn.pitchTitle}</p>
        <ul>
          {paths.map((path, index) => (
            <li key={path}>
              <span class="pitch-glyph">
                <PathGlyph path={path} />
              </span>
              <span>{t.signIn.pitch[index]}</span>
            </li>
          ))}
        </ul>
      </div>
    </aside>
  );
}

export function LanguagePicker(): JSX.Element {
  const app = useApp();
  const { language } = useText();
  return (
    <div class="top-line">
      <span class="brand brand-small">
        <LogoMark size={34} />
        <span class="brand-name">{app.i18n.text.value.appName}</span>
      </span>
      <div class="language-links">
        {languages.map((value) => (
          <button
            key={value}
            type="button"
            lang={value}
            class="language-link"
            aria-pressed={value === language}
            onClick={() => {
              app.settings.language.value = value;
            }}
          >
            {languageNames[value]}
          </button>
        ))}
      </div>
    </div>
  );
}

const hexagon = (x: number, y: number, r: number): string => {
  const points = Array.from({ length: 6 }, (_, index) => {
    const angle = (Math.PI / 3) * index + Math.PI / 6;
    return `${(x + r * Math.cos(angle)).toFixed(1)} ${(y + r * Math.sin(angle)).toFixed(1)}`;
  });
  return `M${points.join("L")}Z`;
};

/** A piece of comb, fading to the left. */
const COMB = [
  [330, 60],
  [398, 60],
  [466, 60],
  [534, 60],
  [364, 119],
  [432, 119],
  [500, 119],
  [398, 178],
  [466, 178],
  [534, 178],
  [500, 237],
]
  .map(([x = 0, y = 0]) => hexagon(x, y, 36))
  .join("");
