/** Light or dark: as the system has it, until the person chooses. */

export interface Theme {
  readonly name: "light" | "dark";
  /** Colours that a canvas draws with, as the style sheet has them. */
  readonly ink: string;
  readonly quiet: string;
  readonly faint: string;
  readonly band: string;
  readonly accent: string;
  readonly paper: string;
  readonly hues: readonly string[];
}

const KEY = "lstmvis-theme";

export interface Themes {
  readonly current: () => Theme;
  readonly toggle: () => void;
}

export function createThemes(changed: () => void): Themes {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const name = () => stored() ?? (system.matches ? "dark" : "light");
  let theme = apply(name());

  function refresh(): void {
    if (name() === theme.name) return;
    theme = apply(name());
    changed();
  }
  system.addEventListener("change", refresh);
  return {
    current: () => theme,
    toggle() {
      const next = theme.name === "dark" ? "light" : "dark";
      try {
        localStorage.setItem(KEY, next);
      } catch {
        // A browser that keeps nothing for this page still shows the theme, until it is loaded anew.
      }
      theme = apply(next);
      changed();
    },
  };
}

function stored(): Theme["name"] | null {
  try {
    const value = localStorage.getItem(KEY);
    return value === "light" || value === "dark" ? value : null;
  } catch {
    return null;
  }
}

function apply(name: Theme["name"]): Theme {
  document.documentElement.dataset.theme = name;
  const style = getComputedStyle(document.documentElement);
  const colour = (property: string) => style.getPropertyValue(`--${property}`).trim();
  return {
    name,
    ink: colour("ink"),
    quiet: colour("faint"),
    faint: colour("hairline"),
    band: colour("band"),
    accent: colour("accent"),
    paper: colour("paper"),
    hues: Array.from({ length: 8 }, (_, hue) => colour(`hue-${hue}`)),
  };
}
