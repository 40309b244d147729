import i18next from 'i18next'
import { initReactI18next, useTranslation } from 'react-i18next'
import { setApiLanguage } from './api.ts'
import { en } from './texts/en.ts'
import { zh } from './texts/zh.ts'

export type Language = 'en' | 'zh'
const storageKey = 'entrepot.language'

declare module 'i18next' {
  interface CustomTypeOptions {
    resources: { translation: typeof en }
  }
}

function stored(): Language | null {
  try {
    const value = localStorage.getItem(storageKey)
    return value === 'en' || value === 'zh' ? value : null
  } catch {
    return null
  }
}

const apply = (language: Language): void => {
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en'
  setApiLanguage(language)
}

/** The person's last choice on this machine, else what the browser prefers. */
export function startTexts(): void {
  const language = stored() ?? (navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en')
  void i18next.use(initReactI18next).init({
    resources: { en: { translation: en }, zh: { translation: zh } },
    lng: language,
    fallbackLng: 'en',
    interpolation: { escapeValue: false },
    initAsync: false,
  })
  apply(language)
}

/** The account's language counts only where this machine was never told one. */
export function preferLanguage(language: Language): void {
  if (stored() === null && i18next.language !== language) {
    apply(language)
    void i18next.changeLanguage(language)
  }
}

export function switchLanguage(language: Language): void {
  try {
    localStorage.setItem(storageKey, language)
  } catch {
    // Private windows may refuse; the choice then lasts as long as the page.
  }
  apply(language)
  void i18next.changeLanguage(language)
}

export function useLanguage(): Language {
  return useTranslation().i18n.language === 'zh' ? 'zh' : 'en'
}

export function useT() {
  return useTranslation().t
}
