import i18next from 'i18next'
import { useT } from '../i18n.ts'

/** The word for something the hub names freely (a channel, a stream, a code); a name not known here shows as it is. */
export function useWord() {
  useT()
  return (
    group: 'channel' | 'streamWord' | 'accounts.haltedCode' | 'journal.errorKind' | 'moveKind' | 'files.field',
    name: string,
  ): string => {
    const key = `${group}.${name}`
    return i18next.exists(key) ? String(i18next.t(key as never)) : name
  }
}
