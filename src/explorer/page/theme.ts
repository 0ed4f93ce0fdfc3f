// Dark or light: as the system says, until the reader says otherwise.

/** What the reader has chosen. */
export type Theme = 'system' | 'light' | 'dark';

const KEY = '3bot.theme';

/** The choice that was kept. */
export function keptTheme(): Theme {
  try {
    const kept = localStorage.getItem(KEY);
    return kept === 'light' || kept === 'dark' ? kept : 'system';
  } catch {
    return 'system';
  }
}

/** Shows the page so, and keeps the choice where the browser allows it. */
export function chooseTheme(theme: Theme): void {
  document.documentElement.dataset['theme'] = theme;
  try {
    if (theme === 'system') localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, theme);
  } catch {
    // It holds for this page then.
  }
}

/** What comes after a choice when the button is pressed. */
export const NEXT_THEME: Readonly<Record<Theme, Theme>> = { system: 'dark', dark: 'light', light: 'system' };
