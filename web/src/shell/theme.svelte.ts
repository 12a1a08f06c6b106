/** Light, dark, or as the system is; remembered in this browser. */

const CHOICES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof CHOICES)[number];

const KEY = 'nonesuch-theme';

class Chosen {
  now: Theme = $state(CHOICES.find((each) => each === localStorage.getItem(KEY)) ?? 'system');

  constructor() {
    this.apply();
  }

  next(): void {
    this.now = CHOICES[(CHOICES.indexOf(this.now) + 1) % CHOICES.length] as Theme;
    localStorage.setItem(KEY, this.now);
    this.apply();
  }

  private apply(): void {
    document.documentElement.style.colorScheme = this.now === 'system' ? 'light dark' : this.now;
  }
}

export const theme = new Chosen();
