/** How a visitor likes it: language, light or dark, keys, motion. */
import { keep, recalled } from './kept';
import { type Language, LANGUAGES, WORDS, type Words } from './words';

const THEMES = ['system', 'light', 'dark'] as const;

class Preferences {
  language: Language = $state('en');
  theme: (typeof THEMES)[number] = $state(THEMES.find((each) => each === recalled('theme')) ?? 'system');
  /** Whether single letters are shortcuts; those who dictate or type with one switch them off (WCAG 2.1.4). */
  keys = $state(recalled('keys') !== 'no');
  private readonly motion = matchMedia('(prefers-reduced-motion: reduce)');
  calm = $state(this.motion.matches);

  constructor() {
    this.motion.addEventListener('change', ({ matches }) => (this.calm = matches));
    this.applyTheme();
  }

  get words(): Words {
    return WORDS[this.language];
  }

  /** ?lang goes first, then what the visitor chose here before, then the page's settings, then the browser's languages. */
  begin(set: string): void {
    const asked = new URLSearchParams(location.search).get('lang');
    const wishes = [asked, recalled('language'), set, ...navigator.languages];
    const known = wishes.map((wish) => LANGUAGES.find((each) => wish?.toLowerCase().startsWith(each)));
    this.speak(known.find((each) => each !== undefined) ?? 'en');
  }

  choose(language: Language): void {
    keep('language', language);
    this.speak(language);
  }

  nextTheme(): void {
    this.theme = THEMES[(THEMES.indexOf(this.theme) + 1) % THEMES.length] ?? 'system';
    keep('theme', this.theme);
    this.applyTheme();
  }

  setKeys(on: boolean): void {
    this.keys = on;
    keep('keys', on ? 'yes' : 'no');
  }

  private speak(language: Language): void {
    this.language = language;
    document.documentElement.lang = language;
  }

  private applyTheme(): void {
    document.documentElement.style.colorScheme = this.theme === 'system' ? 'light dark' : this.theme;
  }
}

export const preferences = new Preferences();
